// Channels: subscribe, publish, history, presence, joins and leaves, and who may not.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';

import { Belfry, inSeconds } from './belfry.mjs';
import { Clients, ENCODINGS, refusal } from './clients.mjs';
import { gather, next } from './deadline.mjs';

describe('channels', () => {
  let belfry;
  before(async () => (belfry = await Belfry.start()));
  after(() => belfry.remove());

  /** Clients of each encoding, for one test. */
  function both(test) {
    return ENCODINGS.map((encoding) => {
      const clients = new Clients(belfry, encoding);
      test.after(() => clients.disconnect());
      return clients;
    });
  }

  for (const encoding of ENCODINGS) {
    describe(encoding.name, () => {
      const { pack, unpack } = encoding;
      const fresh = (namespace) => `${namespace}:${randomUUID()}`;
      let clients;
      before(() => (clients = new Clients(belfry, encoding)));
      afterEach(() => clients.disconnect());

      it('a publication reaches every subscriber, its author included, in order', async () => {
        const channel = fresh('room');
        const [alice, bob] = [await clients.connect('alice'), await clients.connect('bob')];
        const mine = await clients.subscribe(alice, channel);
        const yours = await clients.subscribe(bob, channel);
        const read = ({ data, offset, info }) => ({ text: unpack(data).text, offset, user: info.user });
        const [heardByAlice, heardByBob] = [gather(mine, 'publication', read), gather(yours, 'publication', read)];
        await mine.publish(pack({ text: '你好' }));
        await yours.publish(pack({ text: '🌉 "quoted"\n' }));
        const expected = [
          { text: '你好', offset: 1, user: 'alice' },
          { text: '🌉 "quoted"\n', offset: 2, user: 'bob' },
        ];
        assert.deepEqual(await heardByAlice.take(2), expected);
        assert.deepEqual(await heardByBob.take(2), expected);
      });

      it('many subscriptions in one frame are answered before their publications', async () => {
        const client = clients.make({ token: await belfry.token('alice') });
        const names = Array.from({ length: 8 }, () => fresh('room'));
        const subscriptions = names.map((name) => client.newSubscription(name));
        const all = Promise.all(subscriptions.map((subscription) => next(subscription, 'subscribed')));
        for (const subscription of subscriptions) subscription.subscribe();
        client.connect();
        assert.deepEqual((await all).map(({ channel }) => channel), names);
      });

      it('history is read from either end, by pages', async () => {
        const client = await clients.connect('alice');
        const subscription = await clients.subscribe(client, fresh('room'));
        for (let n = 1; n <= 5; n++) await subscription.publish(pack({ n }));
        const numbers = (page) => page.publications.map(({ data }) => unpack(data).n);
        const all = await subscription.history({ limit: -1 });
        assert.deepEqual(numbers(all), [1, 2, 3, 4, 5]);
        assert.equal(all.offset, 5);
        assert.ok(all.epoch);
        assert.deepEqual(numbers(await subscription.history({ limit: 2 })), [1, 2]);
        const since = { offset: 2, epoch: all.epoch };
        assert.deepEqual(numbers(await subscription.history({ limit: 2, since })), [3, 4]);
        assert.deepEqual(numbers(await subscription.history({ limit: 2, since, reverse: true })), [1]);
        assert.deepEqual(numbers(await subscription.history({ limit: 3, reverse: true })), [5, 4, 3]);
        const position = await subscription.history({ limit: 0 });
        assert.deepEqual([numbers(position), position.offset], [[], 5]);
        const other = await refusal(subscription.history({ limit: 1, since: { offset: 2, epoch: 'zzzz' } }));
        assert.equal(other.code, 112);
      });

      it('presence names each connection, its user once', async () => {
        const channel = fresh('room');
        const token = belfry.sign({ sub: 'alice', info: { level: 3 } });
        const [phone, pc] = [clients.make({ token }), await clients.connect('alice')];
        const connected = next(phone, 'connected');
        phone.connect();
        const { client: id } = await connected;
        const subscription = await clients.subscribe(phone, channel);
        await clients.subscribe(pc, channel);
        const { clients: present } = await subscription.presence();
        assert.deepEqual(Object.keys(present).sort(), [id, pc.greeting.client].sort());
        assert.deepEqual(unpack(present[id].connInfo), { level: 3 });
        assert.equal(present[pc.greeting.client].user, 'alice');
        assert.deepEqual(await subscription.presenceStats(), { numClients: 2, numUsers: 1 });
      });

      it('presence ends with the connection, however it ends', async () => {
        const channel = fresh('room');
        const [watcher, leaver] = [await clients.connect('watcher'), await clients.connect('leaver')];
        const subscription = await clients.subscribe(watcher, channel);
        const joined = next(subscription, 'join', ({ info }) => info.user === 'leaver');
        const other = await clients.subscribe(leaver, channel);
        assert.equal((await joined).info.client, leaver.greeting.client);
        assert.equal(other.state, 'subscribed');

        const left = next(subscription, 'leave', ({ info }) => info.user === 'leaver');
        leaver.setToken('nonsense');
        leaver.cut();
        assert.equal((await left).info.client, leaver.greeting.client);
        assert.deepEqual(await subscription.presenceStats(), { numClients: 1, numUsers: 1 });
      });

      it('joins and leaves are heard by those who ask, where they are offered', async () => {
        const channel = fresh('polite');
        const [curious, other] = [await clients.connect('curious'), await clients.connect('other')];
        const asking = await clients.subscribe(curious, channel, { joinLeave: true });
        const [joins, leaves] = ['join', 'leave'].map((name) => gather(asking, name, ({ info }) => info.user));
        const silent = await clients.subscribe(other, channel);
        silent.on('join', () => assert.fail('a join that nobody asked for'));
        assert.deepEqual(await joins.take(2), ['curious', 'other']);
        silent.unsubscribe();
        assert.deepEqual(await leaves.take(1), ['other']);
      });

      it('who has unsubscribed hears nothing more, and may come back', async () => {
        const channel = fresh('room');
        const [alice, bob] = [await clients.connect('alice'), await clients.connect('bob')];
        const mine = await clients.subscribe(alice, channel);
        const yours = await clients.subscribe(bob, channel);
        const heard = gather(yours, 'publication', ({ data }) => unpack(data));
        const left = next(mine, 'leave', ({ info }) => info.user === 'bob');
        yours.unsubscribe();
        await left;
        await mine.publish(pack('unheard'));
        const subscribed = next(yours, 'subscribed');
        yours.subscribe();
        const { wasRecovering, recovered } = await subscribed;
        assert.deepEqual([wasRecovering, recovered], [true, true]);
        assert.deepEqual(await heard.take(1), ['unheard']);
      });

      it('what may not be is refused in the words of the protocol', async () => {
        const client = await clients.connect('alice');
        const codes = async (channel) => {
          const outcome = await refusal(clients.subscribe(client, channel));
          return JSON.parse(outcome.message).code;
        };
        assert.equal(await codes('nowhere:x'), 102);
        assert.equal(await codes('no-namespace'), 102);
        assert.equal(await codes('closed:x'), 103);
        assert.equal(await codes('$room:x'), 103);
        assert.equal(await codes('room:x#bob,carol'), 103);
        assert.equal(await codes('user:#bob'), 103);
        assert.equal(await codes(`room:${'x'.repeat(256)}`), 107);

        await clients.subscribe(client, 'room:x#alice,bob');
        const quiet = await clients.subscribe(client, 'quiet:x');
        assert.equal((await refusal(quiet.publish(pack('x')))).code, 103);
        assert.equal((await refusal(quiet.history({ limit: 1 }))).code, 108);
        assert.equal((await refusal(quiet.presence())).code, 108);
        assert.equal((await refusal(quiet.presenceStats())).code, 108);
        assert.equal((await refusal(client.publish('room:not-inside', pack('x')))).code, 103);
        assert.equal((await refusal(client.history('room:not-inside', { limit: 1 }))).code, 103);
        assert.equal((await refusal(client.presence('room:not-inside'))).code, 103);
        assert.equal((await refusal(client.publish('nowhere:x', pack('x')))).code, 102);
        assert.equal((await refusal(client.rpc('no.such', pack({})))).code, 104);
      });

      it('no more than so many channels', async () => {
        const client = await clients.connect('alice');
        for (let n = 0; n < 15; n++) await clients.subscribe(client, fresh('quiet'));
        const outcome = await refusal(clients.subscribe(client, fresh('quiet')));
        assert.equal(JSON.parse(outcome.message).code, 106);
      });

      it('a subscription token opens what is closed', async () => {
        const client = await clients.connect('alice');
        for (const channel of [fresh('closed'), `$${fresh('closed')}`]) {
          const token = belfry.sign({ sub: 'alice', channel, info: { seat: 7 } });
          const subscription = await clients.subscribe(client, channel, { token });
          const heard = next(subscription, 'publication');
          await subscription.publish(pack('inside'));
          const { data, info } = await heard;
          assert.equal(unpack(data), 'inside');
          assert.deepEqual(unpack(info.chanInfo), { seat: 7 });
        }
      });

      it('an invalid subscription token refuses the subscription alone', async () => {
        const client = await clients.connect('alice');
        const channel = fresh('closed');
        const outcome = await refusal(clients.subscribe(client, channel, { token: 'nonsense' }));
        assert.equal(JSON.parse(outcome.message).code, 103);
        assert.equal(client.state, 'connected');
      });

      it('an expired subscription token is fetched again', async () => {
        const client = await clients.connect('alice');
        const channel = fresh('closed');
        const tokens = [-10, 60].map((s) => belfry.sign({ sub: 'alice', channel, exp: inSeconds(s) }));
        const subscription = await clients.subscribe(client, channel, {
          getToken: async () => tokens.shift(),
          minResubscribeDelay: 10,
        });
        assert.equal(tokens.length, 0);
        assert.deepEqual(subscription.errors.map(({ error }) => error.code), [109]);
      });

      it('a subscription token that runs out is refreshed', async () => {
        const client = await clients.connect('alice');
        const channel = fresh('closed');
        let fetched = 0;
        let third;
        const thirdFetch = new Promise((resolve) => (third = resolve));
        const subscription = await clients.subscribe(client, channel, {
          getToken: async () => {
            if (++fetched === 3) third();
            return belfry.sign({ sub: 'alice', channel, exp: inSeconds(2) });
          },
        });
        subscription.on('subscribing', (context) => assert.fail(JSON.stringify(context)));
        await thirdFetch;
        subscription.removeAllListeners('subscribing');
      });

      it('a subscription token for something else ends the connection', async () => {
        for (const claims of [{ sub: 'bob', channel: 'closed:x' }, { sub: 'alice', channel: 'closed:y' }]) {
          const client = await clients.connect('alice');
          const disconnected = next(client, 'disconnected');
          client.newSubscription('closed:x', { token: belfry.sign(claims) }).subscribe();
          assert.equal((await disconnected).code, 3500);
        }
      });

      it('a state channel gives its newest state to whoever asks', async () => {
        const channel = fresh('state');
        const [writer, reader] = [await clients.connect('writer'), await clients.connect('reader')];
        await writer.publish(channel, pack({ score: 1 }));
        await writer.publish(channel, pack({ score: 2 }));
        const subscription = reader.newSubscription(channel, { since: { offset: 0, epoch: '' } });
        const states = gather(subscription, 'publication', ({ data }) => unpack(data).score);
        subscription.subscribe();
        assert.deepEqual(await states.take(1), [2]);
      });
    });
  }

  it('clients of both encodings hear each other', async (test) => {
    const [json, protobuf] = both(test);
    const channel = `room:${randomUUID()}`;
    const mine = await json.subscribe(await json.connect('alice'), channel);
    const yours = await protobuf.subscribe(await protobuf.connect('bob'), channel);
    const [heardByJson, heardByProtobuf] = [gather(mine, 'publication'), gather(yours, 'publication')];
    await mine.publish({ from: 'json', text: '你好' });
    await yours.publish(Buffer.from(JSON.stringify({ from: 'protobuf', list: [1, 2.5, null] })));
    const expected = [{ from: 'json', text: '你好' }, { from: 'protobuf', list: [1, 2.5, null] }];
    assert.deepEqual((await heardByJson.take(2)).map(({ data }) => data), expected);
    assert.deepEqual((await heardByProtobuf.take(2)).map(({ data }) => ENCODINGS[1].unpack(data)), expected);
  });

  it('bytes that are no JSON are refused, save where a channel is for bytes', async (test) => {
    const [json, protobuf] = both(test);
    const sender = await protobuf.connect('alice');
    const bytes = Buffer.from([0, 255, 10, 34]);
    const room = await protobuf.subscribe(sender, `room:${randomUUID()}`);
    assert.equal((await refusal(room.publish(bytes))).code, 107);

    const channel = `binary:${randomUUID()}`;
    const heard = next(await protobuf.subscribe(sender, channel), 'publication');
    const reader = await json.connect('bob');
    await json.subscribe(reader, channel);
    const disconnected = next(reader, 'disconnected');
    await sender.publish(channel, bytes);
    assert.deepEqual(Buffer.from((await heard).data), bytes);
    assert.equal((await disconnected).code, 3506);
  });
});
