// The platform's services at their own door: what they do over HTTP, clients see at once.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';

import { Belfry, inSeconds } from './belfry.mjs';
import { Clients, ENCODINGS, Raw } from './clients.mjs';
import { gather, next } from './deadline.mjs';

describe('the services’ door', () => {
  let belfry, service;
  before(async () => {
    belfry = await Belfry.start();
    service = await belfry.token('backend', { role: 'service' });
  });
  after(() => belfry.remove());

  /** An operation's output; fails on a refusal. */
  async function done(name, input) {
    const { status, body } = await belfry.call(name, service, input);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  }

  for (const encoding of ENCODINGS) {
    describe(encoding.name, () => {
      const { pack, unpack } = encoding;
      let clients;
      before(() => (clients = new Clients(belfry, encoding)));
      afterEach(() => clients.disconnect());

      it('publishes to a channel, once for each idempotency key', async () => {
        const channel = `room:${randomUUID()}`;
        const subscription = await clients.subscribe(await clients.connect('alice'), channel);
        const heard = gather(subscription, 'publication', ({ data, tags, info }) => [unpack(data), tags, info]);
        const input = { channel, data: { notice: '直播开始' }, tags: { kind: 'notice' }, idempotency_key: 'k1' };
        const first = await done('publish', input);
        assert.deepEqual(await done('publish', input), first);
        await done('publish', { channel, data: 2 });
        assert.equal(first.offset, 1);
        const [one, two] = await heard.take(2);
        assert.deepEqual([one[0], { ...one[1] }, one[2]], [{ notice: '直播开始' }, { kind: 'notice' }, undefined]);
        assert.equal(two[0], 2);
      });

      it('broadcasts to several, and says of each what came of it', async () => {
        const [first, second] = [`room:${randomUUID()}`, `room:${randomUUID()}`];
        const client = await clients.connect('alice');
        const subscriptions = [await clients.subscribe(client, first), await clients.subscribe(client, second)];
        const heard = Promise.all(subscriptions.map((subscription) => next(subscription, 'publication')));
        const { responses } = await done('broadcast', { channels: [first, 'nowhere:x', second], data: '🔔' });
        assert.deepEqual(responses.map((response) => Object.keys(response)[0]), ['result', 'error', 'result']);
        assert.equal(responses[1].error.code, 102);
        assert.deepEqual((await heard).map(({ data }) => unpack(data)), ['🔔', '🔔']);
      });

      it('subscribes and unsubscribes a user, connection by connection', async () => {
        const channel = `room:${randomUUID()}`;
        const user = `user-${randomUUID()}`;
        const [phone, pc] = [await clients.connect(user), await clients.connect(user)];
        const both = Promise.all([phone, pc].map((client) => next(client, 'subscribed', (context) => context.channel === channel)));
        assert.deepEqual(await done('subscribe', { user, channel, data: { from: 'service' } }), { connections: 2 });
        for (const { data, recoverable } of await both) {
          assert.deepEqual(unpack(data), { from: 'service' });
          assert.equal(recoverable, true);
        }
        const heard = next(pc, 'publication', (context) => context.channel === channel);
        await phone.publish(channel, pack('from the phone'));
        assert.equal(unpack((await heard).data), 'from the phone');

        const unsubscribed = next(pc, 'unsubscribed', (context) => context.channel === channel);
        await done('unsubscribe', { user, channel, client: pc.greeting.client });
        await unsubscribed;
        const { presence } = await done('presence', { channel });
        assert.deepEqual(Object.keys(presence), [phone.greeting.client]);
      });

      it('ends connections for good, or for a while', async () => {
        const user = `user-${randomUUID()}`;
        const [banned, moved] = [await clients.connect(user), await clients.connect(user)];
        const gone = next(banned, 'disconnected');
        await done('disconnect', { user, client: banned.greeting.client, code: 4500, reason: 'banned' });
        const { code, reason } = await gone;
        assert.deepEqual([code, reason], [4500, 'banned']);

        const [away, back] = [next(moved, 'connecting'), next(moved, 'connected')];
        await done('disconnect', { user, code: 4000, reason: 'come back' });
        assert.equal((await away).code, 4000);
        await back;
        const closed = next(moved, 'disconnected');
        await done('disconnect', { user });
        assert.equal((await closed).code, 3503);
      });

      it('sets the time of a connection anew', async () => {
        const user = `user-${randomUUID()}`;
        let fetched = 0;
        const client = clients.make({
          token: await belfry.token(user),
          getToken: async () => {
            fetched += 1;
            return belfry.token(user);
          },
        });
        const connected = next(client, 'connected');
        client.connect();
        await connected;
        const [away, back] = [next(client, 'connecting'), next(client, 'connected')];
        await done('refresh', { user, expired: true });
        assert.equal((await away).code, 3005);
        await back;
        assert.equal(client.state, 'connected');
        assert.ok(fetched <= 1);
      });
    });
  }

  it('asks for history, numbers and names', async () => {
    const channel = `room:${randomUUID()}`;
    const raw = await Raw.open(belfry.socket);
    raw.send({ id: 1, connect: { token: await belfry.token('alice') } }, { id: 2, subscribe: { channel } });
    await raw.reply(({ id }) => id === 2);
    for (const n of [1, 2, 3]) await done('publish', { channel, data: { n } });
    const page = await done('history', { channel, limit: 2, reverse: true });
    assert.deepEqual(page.publications.map(({ data }) => data.n), [3, 2]);
    assert.equal(page.offset, 3);
    assert.deepEqual(await done('presence_stats', { channel }), { num_clients: 1, num_users: 1 });
    assert.deepEqual((await done('channels', { prefix: channel })).channels, { [channel]: { num_clients: 1 } });
    await done('history_remove', { channel });
    assert.deepEqual((await done('history', { channel, limit: -1 })).publications, []);
    const { nodes } = await done('info', {});
    assert.ok(nodes[0].num_clients >= 1);
    raw.socket.close();
  });

  it('is shut to everybody else', async () => {
    for (const role of ['user', 'moderator', 'supervisor', 'compliance', 'auditor', 'support', 'host']) {
      const token = await belfry.token('someone', { role });
      const { status } = await belfry.call('publish', token, { channel: 'room:x', data: 1 });
      assert.equal(status, 403, role);
    }
    const outlived = belfry.sign({ sub: 'backend', role: 'service', exp: inSeconds(-10) });
    assert.equal((await belfry.call('publish', outlived, { channel: 'room:x', data: 1 })).status, 401);
  });

  it('reaches clients that only listen', async () => {
    const channel = `room:${randomUUID()}`;
    const token = belfry.sign({ sub: 'listener', channels: [channel] });
    const address = belfry.socket.replace('websocket', 'uni_websocket');
    const raw = await Raw.open(address);
    raw.send({ token });
    const { connect } = await raw.reply((push) => push.connect);
    assert.deepEqual(Object.keys(connect.subs).sort(), [channel, 'user:#listener']);
    await done('publish', { channel, data: { text: '听得见吗' } });
    const { pub } = await raw.reply((push) => push.pub);
    assert.deepEqual(pub.data, { text: '听得见吗' });
    // Nobody listens to it any more, until it is told to go: by a push, as its SDKs expect, and a close.
    raw.send('anything', { token });
    await done('disconnect', { user: 'listener', code: 4500, reason: 'banned' });
    const { disconnect } = await raw.reply((push) => push.disconnect);
    assert.deepEqual([disconnect.code, disconnect.reason], [4500, 'banned']);
    assert.deepEqual(await raw.end(), { code: 4500, reason: 'banned' });
    const refused = await Raw.open(address);
    refused.send({ token: 'nonsense' });
    assert.deepEqual(await refused.end(), { code: 3500, reason: 'invalid token' });
  });
});
