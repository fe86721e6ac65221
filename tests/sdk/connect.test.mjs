// Connecting: who is let in, how long, and with which words others are sent away.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';

import { Belfry, inSeconds } from './belfry.mjs';
import { Clients, ENCODINGS, Raw, ready } from './clients.mjs';
import { gather, next } from './deadline.mjs';

describe('connect', () => {
  let belfry;
  before(async () => (belfry = await Belfry.start()));
  after(() => belfry.remove());

  for (const encoding of ENCODINGS) {
    describe(encoding.name, () => {
      let clients;
      before(() => (clients = new Clients(belfry, encoding)));
      afterEach(() => clients.disconnect());

      it('a token opens a connection with an id of its own', async () => {
        const [one, two] = [await clients.connect('user1'), await clients.connect('user1')];
        assert.match(one.greeting.client, /^[0-9a-f-]{36}$/);
        assert.notEqual(one.greeting.client, two.greeting.client);
        assert.equal(one.greeting.transport, 'websocket');
      });

      it('a user is subscribed by the server to the personal channel', async () => {
        const client = clients.make({ token: await belfry.token('user7') });
        const subscribed = next(client, 'subscribed');
        await ready(client);
        const { channel, recoverable, positioned } = await subscribed;
        assert.deepEqual({ channel, recoverable, positioned }, { channel: 'user:#user7', recoverable: true, positioned: true });
      });

      it("a token's own channels are subscribed too", async () => {
        const token = belfry.sign({ sub: 'user1', channels: ['room:lounge', 'quiet:corner'] });
        const client = clients.make({ token });
        const subscribed = gather(client, 'subscribed', ({ channel }) => channel);
        await ready(client);
        assert.deepEqual((await subscribed.take(3)).sort(), ['quiet:corner', 'room:lounge', 'user:#user1']);
      });

      it('an idle connection is kept alive by pings', async () => {
        const client = await clients.connect('user1');
        const pings = gather(client.sockets[0], 'message');
        client.on('connecting', (context) => assert.fail(`reconnected: ${JSON.stringify(context)}`));
        await pings.take(3);
      });

      it('an invalid token ends it for good', async () => {
        for (const token of ['nonsense', belfry.sign({ sub: 'user1' }, 'another secret')]) {
          const client = clients.make({ token });
          const disconnected = next(client, 'disconnected');
          client.connect();
          const { code, reason } = await disconnected;
          assert.deepEqual({ code, reason }, { code: 3500, reason: 'invalid token' });
        }
      });

      it('an expired token makes the client fetch a new one', async () => {
        const tokens = [belfry.sign({ sub: 'user1', exp: inSeconds(-10) }), await belfry.token('user1')];
        let fetched = 0;
        const client = clients.make({ getToken: async () => tokens[fetched++] });
        await ready(client);
        assert.equal(fetched, 2);
        assert.deepEqual(client.errors.map(({ error }) => error.code), [109]);
      });

      it('a token that runs out is refreshed without a cut', async () => {
        let fetched = 0;
        const third = new Promise((resolve) => {
          const getToken = async () => {
            if (++fetched === 3) resolve();
            return belfry.sign({ sub: 'user1', exp: inSeconds(fetched < 3 ? 2 : 60) });
          };
          ready(clients.make({ getToken })).catch(assert.fail);
        });
        await third;
      });

      it('nobody comes in without a token', async () => {
        const client = clients.make({});
        const disconnected = next(client, 'disconnected');
        client.connect();
        const { code, reason } = await disconnected;
        assert.deepEqual({ code, reason }, { code: 3501, reason: 'bad request' });
      });
    });
  }

  it('a token that is not refreshed ends the connection after its grace', async () => {
    const raw = await Raw.open(belfry.socket);
    raw.send({ id: 1, connect: { token: belfry.sign({ sub: 'user1', exp: inSeconds(1) }) } });
    const { connect } = await raw.reply(({ id }) => id === 1);
    assert.equal(connect.expires, true);
    assert.ok(connect.ttl >= 1);
    raw.socket.on('message', (data) => data.toString() === '{}' && raw.send('{}'));
    assert.deepEqual(await raw.end(), { code: 3005, reason: 'connection expired' });
  });

  it('a refresh with the token of another user ends the connection', async () => {
    const raw = await Raw.open(belfry.socket);
    raw.send(
      { id: 1, connect: { token: await belfry.token('user1') } },
      { id: 2, refresh: { token: await belfry.token('user2') } },
    );
    assert.deepEqual(await raw.end(), { code: 3500, reason: 'invalid token' });
  });

  it('the connect result names the server and its pings', async () => {
    const raw = await Raw.open(belfry.socket);
    raw.send({ id: 1, connect: { token: await belfry.token('user1') } });
    const { connect } = await raw.reply(({ id }) => id === 1);
    assert.match(connect.version, /^belfry \d+\.\d+\.\d+/);
    assert.deepEqual([connect.ping, connect.pong], [2, true]);
  });

  it('a page of another origin is not let in', async () => {
    await assert.rejects(Raw.open(belfry.socket, { headers: { origin: 'https://evil.example' } }), /403/);
    const own = await Raw.open(belfry.socket, { headers: { origin: belfry.url } });
    own.socket.close();
  });
});

describe('a server that lets anybody in', () => {
  let belfry;
  before(async () => (belfry = await Belfry.start({ 'identity.anonymous': true })));
  after(() => belfry.remove());

  for (const encoding of ENCODINGS) {
    it(`an anonymous client gets what is for anyone, and no more (${encoding.name})`, async (test) => {
      const clients = new Clients(belfry, encoding);
      test.after(() => clients.disconnect());
      const client = clients.make({});
      await ready(client);
      await clients.subscribe(client, 'lobby:qr');
      await assert.rejects(clients.subscribe(client, 'room:lounge'), /"code":103/);
    });
  }
});

describe('a user with too many connections', () => {
  it('is told that it has them', async (test) => {
    const belfry = await Belfry.start({ 'admission.per_user': 1 });
    const clients = new Clients(belfry, ENCODINGS[0]);
    test.after(() => clients.disconnect());
    test.after(() => belfry.remove());
    await clients.connect('user1');
    await clients.connect('user2');
    const third = clients.make({ token: await belfry.token('user1') });
    const disconnected = next(third, 'disconnected');
    third.connect();
    assert.equal((await disconnected).code, 3504);
  });
});

describe('a server that stops', () => {
  for (const encoding of ENCODINGS) {
    it(`sends its clients away, and takes them again after its restart (${encoding.name})`, async (test) => {
      const belfry = await Belfry.start();
      const clients = new Clients(belfry, encoding);
      test.after(() => clients.disconnect());
      test.after(() => belfry.remove());
      const client = await clients.connect('user1');
      const away = next(client, 'connecting');
      const status = await belfry.stop();
      const { code, reason } = await away;
      assert.deepEqual({ status, code, reason }, { status: 0, code: 3001, reason: 'shutdown' });
      const back = next(client, 'connected');
      await belfry.restart();
      await back;
    });
  }
});
