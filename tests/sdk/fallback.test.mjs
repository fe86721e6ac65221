// Networks that let no WebSocket through: the same SDK over HTTP streams and server-sent events.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { after, afterEach, before, describe, it } from 'node:test';

import { Belfry } from './belfry.mjs';
import { Clients, ENCODINGS, ready, refusal } from './clients.mjs';
import { gather, next } from './deadline.mjs';

const [JSON_ENCODING, PROTOBUF_ENCODING] = ENCODINGS;

for (const [transport, encoding] of [
  ['http_stream', JSON_ENCODING],
  ['http_stream', PROTOBUF_ENCODING],
  ['sse', JSON_ENCODING],
]) {
  describe(`${transport} (${encoding.name})`, () => {
    const { pack, unpack } = encoding;
    let belfry, clients;
    before(async () => {
      belfry = await Belfry.start();
      clients = new Clients(belfry, encoding);
    });
    afterEach(() => clients.disconnect());
    after(() => belfry.remove());

    async function connect(user, options = {}) {
      const client = clients.make({ token: await belfry.token(user), ...options }, [
        { transport, endpoint: `${belfry.url}/connection/${transport}` },
      ]);
      await ready(client);
      return client;
    }

    it('connects, subscribes, publishes and asks', async () => {
      const channel = `room:${randomUUID()}`;
      const client = await connect('alice');
      assert.equal(client.greeting.transport, transport);
      const subscription = await clients.subscribe(client, channel);
      const heard = next(subscription, 'publication');
      await subscription.publish(pack({ text: '听得见吗' }));
      assert.deepEqual(unpack((await heard).data), { text: '听得见吗' });
      assert.deepEqual(await subscription.presenceStats(), { numClients: 1, numUsers: 1 });
      assert.equal((await subscription.history({ limit: 0 })).offset, 1);
      assert.equal((await refusal(client.rpc('no.such', pack({})))).code, 104);
    });

    it('is kept alive by pings', async () => {
      const answers = new EventEmitter();
      const counting = async (address, ...rest) => {
        const response = await fetch(address, ...rest);
        if (address.endsWith('/emulation')) answers.emit('answer', response.status);
        return response;
      };
      const statuses = gather(answers, 'answer');
      const client = await connect('alice', { fetch: counting });
      client.on('connecting', (context) => assert.fail(JSON.stringify(context)));
      // Nothing but pongs is sent.
      assert.deepEqual(await statuses.take(3), [204, 204, 204]);
      client.removeAllListeners('connecting');
    });

    it('recovers what it missed while the server was told to let it go', async () => {
      const channel = `room:${randomUUID()}`;
      const reader = await connect('reader', { minReconnectDelay: 300 });
      const subscription = await clients.subscribe(reader, channel);
      const heard = gather(subscription, 'publication', ({ data }) => unpack(data));
      const service = await belfry.token('backend', { role: 'service' });
      const away = next(reader, 'connecting');
      await belfry.call('disconnect', service, { user: 'reader', code: 4000, reason: 'come back' });
      assert.equal((await away).code, 4000);
      for (const n of [1, 2, 3]) await belfry.call('publish', service, { channel, data: n });
      assert.deepEqual(await heard.take(3), [1, 2, 3]);
    });

    it('an invalid token ends it for good', async () => {
      const client = clients.make({ token: 'nonsense' }, [
        { transport, endpoint: `${belfry.url}/connection/${transport}` },
      ]);
      const disconnected = next(client, 'disconnected');
      client.connect();
      assert.equal((await disconnected).code, 3500);
    });

    it('ends in order when the server stops, and comes back', async () => {
      const client = await connect('alice');
      const away = next(client, 'connecting');
      assert.equal(await belfry.stop(), 0);
      assert.equal((await away).code, 3001);
      const back = next(client, 'connected');
      await belfry.restart();
      await back;
    });
  });
}

describe('a client whose WebSocket is blocked', () => {
  it('falls back by itself', async (test) => {
    const belfry = await Belfry.start();
    test.after(() => belfry.remove());
    const clients = new Clients(belfry, JSON_ENCODING);
    test.after(() => clients.disconnect());
    const client = clients.make({ token: await belfry.token('alice') }, [
      { transport: 'websocket', endpoint: 'ws://127.0.0.1:9' },
      { transport: 'http_stream', endpoint: `${belfry.url}/connection/http_stream` },
    ]);
    await ready(client);
    assert.equal(client.greeting.transport, 'http_stream');
  });
});
