// A voice in a live room: uploaded, held, let through, listened to by link, taken off.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, afterEach, before, describe, it } from 'node:test';

import { Belfry } from './belfry.mjs';
import { Clients, ENCODINGS, ready, refusal } from './clients.mjs';
import { next } from './deadline.mjs';

for (const encoding of ENCODINGS) {
  describe(`voices in live rooms, ${encoding.name}`, () => {
    let belfry, clients;
    before(async () => {
      belfry = await Belfry.start({}, { config: null, args: ['--demo'] });
      clients = new Clients(belfry, encoding);
    });
    after(() => belfry.remove());
    afterEach(() => clients.disconnect());

    /** A person who listens to a channel of the demo's room. */
    async function arrive(sub, claims = {}, channel = 'live:demo') {
      const token = await belfry.token(sub, claims);
      const client = clients.make({ token });
      const person = { token, heard: [], own: [] };
      client.on('publication', ({ data }) => person.own.push(encoding.unpack(data)));
      await ready(client);
      const subscription = client.newSubscription(channel);
      subscription.on('publication', ({ data }) => person.heard.push(encoding.unpack(data)));
      const subscribed = next(subscription, 'subscribed');
      subscription.subscribe();
      await subscribed;
      person.call = async (method, input = {}) => {
        const { data } = await client.rpc(method, encoding.pack({ room: 'demo', ...input }));
        return encoding.unpack(data);
      };
      person.publish = (comment) => subscription.publish(encoding.pack(comment));
      person.hears = async (type, fits = () => true) => {
        const find = () => person.heard.find((event) => event.type === type && fits(event));
        while (!find()) await next(subscription, 'publication');
        return find();
      };
      return person;
    }

    /** Uploads a recording of a browser's; what it is called. */
    async function record(person) {
      const query = new URLSearchParams({ purpose: 'live', client_id: randomUUID() });
      const response = await fetch(`${belfry.url}/api/v1/media.upload?${query}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${person.token}` },
        body: await readFile(new URL('../media/opus.webm', import.meta.url)),
      });
      const { media, kind } = await response.json();
      assert.equal(kind, 'voice');
      return media.id;
    }

    const listen = async (url) => {
      const response = await fetch(new URL(url, belfry.url));
      return { status: response.status, bytes: (await response.arrayBuffer()).byteLength };
    };

    it('is heard by the room once a moderator has heard it, and by nobody once it is taken off', async () => {
      const [viewer, ann] = [await arrive('user1'), await arrive('user2')];
      const desk = await arrive('host1', { role: 'host' }, 'live_desk:demo');
      const media = await record(ann);
      const say = { client_id: randomUUID(), media };
      assert.equal((await refusal(ann.call('live.comment', say))).code, 108);
      const { settings } = await desk.call('live.settings', { set: { voice: 'held' } });
      assert.equal(settings.voice, 'held');
      await viewer.hears('live.settings', (event) => event.settings.voice === 'held');

      const said = await ann.call('live.comment', say);
      assert.equal(said.status, 'held');
      assert.equal((await refusal(viewer.call('live.voice', { comment: said.id }))).code, 403);
      const waiting = await desk.hears('live_desk.comment', ({ comment }) => comment.id === said.id);
      assert.equal(waiting.cause, 'voice');
      assert.ok((await listen(waiting.comment.media.url)).bytes > 1_000);
      await desk.call('live.hold.decide', { comment: said.id, decision: 'approve' });

      const heard = await viewer.hears('live.comment', ({ id }) => id === said.id);
      assert.deepEqual([heard.text, heard.media.type], ['', 'audio/webm']);
      assert.ok(heard.media.duration_ms > 0);
      const { status, bytes } = await listen(heard.media.url);
      assert.deepEqual([status, bytes], [200, heard.media.bytes]);
      const again = await viewer.call('live.voice', { comment: said.id });
      assert.equal((await listen(again.media.url)).status, 200);

      await desk.call('live.remove', { comment: said.id });
      await viewer.hears('live.removed', ({ ids }) => ids.includes(said.id));
      for (const url of [heard.media.url, again.media.url]) assert.equal((await listen(url)).status, 404);
      const { comments } = await viewer.call('live.list');
      assert.ok(!comments.some(({ id }) => id === said.id));
    });

    it('is published by a plain SDK too, where the host lets voices be heard at once', async () => {
      const [viewer, ann] = [await arrive('user1'), await arrive('user2')];
      const desk = await arrive('host1', { role: 'host' }, 'live_desk:demo');
      await desk.call('live.settings', { set: { voice: 'open' } });
      const media = await record(ann);
      await ann.publish({ media, client_id: 'v1' });
      const heard = await viewer.hears('live.comment', (event) => event.media?.id === media);
      assert.equal((await listen(heard.media.url)).status, 200);
      await ann.publish({ media, client_id: 'v1' });
      assert.equal((await refusal(ann.publish({ media, client_id: 'v2' }))).code, 409);
    });
  });
}
