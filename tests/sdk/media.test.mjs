// Pictures and voice as people send them: uploaded, sent, looked at by link, taken back.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, afterEach, before, describe, it } from 'node:test';

import { Belfry } from './belfry.mjs';
import { Clients, ENCODINGS, ready } from './clients.mjs';
import { next } from './deadline.mjs';

const file = (name) => readFile(new URL(`../media/${name}`, import.meta.url));

/** The tag of EXIF that points to where a photograph was taken, in either order of bytes. */
const hasPlace = (bytes) => [[0x88, 0x25], [0x25, 0x88]].some((tag) => bytes.includes(Buffer.from(tag)));

for (const encoding of ENCODINGS) {
  describe(`media, ${encoding.name}`, () => {
    let belfry, clients;
    before(async () => {
      belfry = await Belfry.start({}, { config: null, args: ['--demo'] });
      clients = new Clients(belfry, encoding);
    });
    after(() => belfry.remove());
    afterEach(() => clients.disconnect());

    async function arrive(sub, claims) {
      const token = await belfry.token(sub, claims);
      const client = clients.make({ token });
      const person = { client, token, events: [] };
      client.on('publication', ({ data }) => person.events.push(encoding.unpack(data)));
      await ready(client);
      person.call = async (method, input) => {
        const { data } = await client.rpc(method, encoding.pack(input));
        return encoding.unpack(data);
      };
      person.hears = async (type, fits = () => true) => {
        const find = () => person.events.find((event) => event.type === type && fits(event));
        while (!find()) await next(client, 'publication');
        return find();
      };
      return person;
    }

    /** `user` consults `tutor` of `inst1`. */
    async function consultation(user, tutor) {
      const [candidate, desk] = [await arrive(user), await arrive(tutor, { role: 'tutor', inst: 'inst1' })];
      await desk.call('consult.state', { state: 'online' });
      const { conversation } = await candidate.call('consult.open', { institution: 'inst1', tutor });
      return { candidate, desk, conversation };
    }

    async function upload(token, bytes, { purpose = 'consult', client_id = randomUUID() } = {}) {
      const query = new URLSearchParams({ purpose, client_id });
      const response = await fetch(`${belfry.url}/api/v1/media.upload?${query}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'text/plain' },
        body: bytes,
      });
      return { status: response.status, body: await response.json() };
    }

    const send = (person, conversation, kind, media) =>
      person.call('consult.send', { conversation, client_id: randomUUID(), body: { kind, media } });
    const look = (url, headers = {}) => fetch(new URL(url, belfry.url), { headers });

    it('shows a photograph to the other side without where it was taken', async () => {
      const { candidate, desk, conversation } = await consultation('user1', 'tutor1');
      const photograph = await file('gps.jpg');
      assert.ok(hasPlace(photograph) && photograph.includes('SECRET'), 'there is something to lose');
      const client_id = randomUUID();
      const uploaded = await upload(candidate.token, photograph, { client_id });
      assert.equal(uploaded.status, 200, JSON.stringify(uploaded.body));
      assert.equal(uploaded.body.kind, 'image');
      const again = await upload(candidate.token, photograph, { client_id });
      assert.equal(again.body.media.id, uploaded.body.media.id, 'the same upload is kept once');

      const { id } = uploaded.body.media;
      const sent = await send(candidate, conversation, 'image', id);
      assert.equal(sent.status, 'delivered');
      const { record } = await desk.hears('consult.message', (event) => event.record.seq === sent.seq);
      const { media } = record.body;
      assert.deepEqual([media.id, media.width, media.height], [id, 32, 48], 'and it stands upright');
      assert.ok(!JSON.stringify(desk.events).includes('user1'));

      for (const url of [media.url, media.thumb_url]) {
        const response = await look(url);
        assert.equal(response.status, 200);
        assert.equal(response.headers.get('content-type'), 'image/jpeg');
        assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
        assert.match(response.headers.get('content-security-policy'), /sandbox/);
        const bytes = Buffer.from(await response.arrayBuffer());
        assert.ok(bytes.length > 300 && !hasPlace(bytes) && !bytes.includes('SECRET'));
        assert.equal((await look(url, { 'if-none-match': response.headers.get('etag') })).status, 304);
      }
      const { origin, pathname } = new URL(media.url, belfry.url);
      for (const forged of [`${origin}${pathname}`, media.url.replace('&s=', '&s=A'), `${media.url}&k=thumb`]) {
        assert.equal((await look(forged)).status, 404, forged);
      }

      await candidate.call('consult.recall', { conversation, seq: sent.seq });
      for (const url of [media.url, media.thumb_url]) assert.equal((await look(url)).status, 404);
      const seen = await desk.call('consult.history', { conversation });
      assert.ok(!JSON.stringify(seen).includes('/media/'), 'and nothing leads there any more');
    });

    it('lets a player seek in a voice, also after the server died', async () => {
      const { candidate, desk, conversation } = await consultation('user2', 'tutor2');
      const voice = await upload(desk.token, await file('live.webm'));
      assert.equal(voice.body.kind, 'voice', JSON.stringify(voice.body));
      await send(desk, conversation, 'voice', voice.body.media.id);
      const { record } = await candidate.hears('consult.message', (event) => event.record.body?.kind === 'voice');
      const { url, duration_ms: lasts } = record.body.media;
      assert.ok(lasts > 1_400 && lasts < 1_600, `${lasts} ms`);
      clients.disconnect();
      await belfry.kill();
      await belfry.restart();
      const whole = Buffer.from(await (await look(url)).arrayBuffer());
      const part = await look(url, { range: 'bytes=100-199' });
      assert.deepEqual([part.status, part.headers.get('content-range')], [206, `bytes 100-199/${whole.length}`]);
      assert.deepEqual(Buffer.from(await part.arrayBuffer()), whole.subarray(100, 200));
      assert.equal((await look(url, { range: `bytes=${whole.length}-` })).status, 416);
    });

    it('says what is wrong with a file, even to who is still sending it', async () => {
      const token = await belfry.token('user3');
      const jpeg = await file('gps.jpg');
      for (const [bytes, status, name] of [
        [Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 415, 'unsupported_media'],
        [await file('still.gif'), 415, 'unsupported_media'],
        [Buffer.concat([jpeg, Buffer.alloc(11 << 20)]), 413, 'too_large'],
        [jpeg.subarray(0, 900), 422, 'unusable_media'],
        [await file('film.webm'), 422, 'unusable_media'],
      ]) {
        const { status: answered, body } = await upload(token, bytes);
        assert.deepEqual([answered, body.error.name], [status, name], JSON.stringify(body));
      }
      const { body } = await upload(token, jpeg, { purpose: 'live' });
      assert.ok(body.error.accepted.every((type) => type.startsWith('audio/')), JSON.stringify(body));
      const tutor = await arrive('tutor3', { role: 'tutor', inst: 'inst1' });
      const refused = await tutor.call('media.upload', { purpose: 'consult', client_id: '1' }).catch((it) => it);
      assert.match(refused.message, /POST \/api\/v1\/media\.upload/);
    });
  });
}
