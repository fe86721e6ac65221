// Recovery: after a cut everything missed comes, in order and once; what cannot be recovered is said.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';

import { Belfry } from './belfry.mjs';
import { Clients, ENCODINGS, Raw } from './clients.mjs';
import { gather, next } from './deadline.mjs';

for (const encoding of ENCODINGS) {
  describe(`recovery (${encoding.name})`, () => {
    const { pack, unpack } = encoding;
    const fresh = (namespace) => `${namespace}:${randomUUID()}`;
    let belfry, clients;
    before(async () => {
      belfry = await Belfry.start();
      clients = new Clients(belfry, encoding);
    });
    afterEach(() => clients.disconnect());
    after(() => belfry.remove());

    it('what was published during a cut comes after it, in order and once', async () => {
      const channel = fresh('room');
      const writer = await clients.connect('writer');
      const reader = await clients.connect('reader');
      const subscription = await clients.subscribe(reader, channel);
      const heard = gather(subscription, 'publication', ({ data, offset }) => [unpack(data), offset]);
      const watching = await clients.subscribe(writer, channel);
      await watching.publish(pack('before'));
      await heard.take(1);

      for (let round = 1; round <= 3; round++) {
        reader.away = true;
        const left = next(watching, 'leave', ({ info }) => info.user === 'reader');
        reader.cut();
        await left;
        for (let n = 0; n < 5; n++) await watching.publish(pack(`${round}.${n}`));
        const subscribed = next(subscription, 'subscribed');
        reader.away = false;
        const { wasRecovering, recovered } = await subscribed;
        assert.deepEqual([wasRecovering, recovered], [true, true]);
        await watching.publish(pack(`${round} live`));
        await heard.take(1 + round * 6);
      }
      assert.deepEqual(heard.items.map(([, offset]) => offset), Array.from({ length: 19 }, (_, n) => n + 1));
      assert.deepEqual(heard.items.slice(1, 7).map(([text]) => text), ['1.0', '1.1', '1.2', '1.3', '1.4', '1 live']);
    });

    it('nothing is lost or doubled when the cut falls into a stream of publications', async () => {
      const channel = fresh('room');
      const [writer, reader] = [await clients.connect('writer'), await clients.connect('reader')];
      const watching = await clients.subscribe(writer, channel);
      const subscription = await clients.subscribe(reader, channel);
      const heard = gather(subscription, 'publication', ({ offset }) => offset);
      for (let n = 1; n <= 90; n++) {
        if (n % 30 === 15) reader.cut();
        await watching.publish(pack({ n }));
      }
      assert.deepEqual(await heard.take(90), Array.from({ length: 90 }, (_, n) => n + 1));
    });

    it('the personal channel recovers too', async () => {
      const token = belfry.sign({ sub: 'reader', channels: ['room:open'] });
      const reader = clients.make({ token });
      const first = next(reader, 'subscribed', ({ channel }) => channel === 'room:open');
      reader.connect();
      await first;
      const heard = gather(reader, 'publication', ({ data, offset }) => [unpack(data), offset]);
      const writer = await clients.connect('writer');
      const watching = await clients.subscribe(writer, 'room:open');
      const start = watching.greeting.streamPosition.offset;
      reader.setToken(token);
      reader.cut();
      const back = next(reader, 'subscribed', ({ channel }) => channel === 'room:open');
      await watching.publish(pack('missed or live'));
      const { recovered } = await back;
      assert.equal(recovered, true);
      assert.deepEqual(await heard.take(1), [['missed or live', start + 1]]);
    });

    it('a position that the stream has left behind is not recovered, and said so', async () => {
      const channel = fresh('short');
      const writer = await clients.connect('writer');
      const reader = await clients.connect('reader');
      const subscription = await clients.subscribe(reader, channel);
      const unsubscribed = next(subscription, 'unsubscribed');
      subscription.unsubscribe();
      await unsubscribed;
      for (let n = 1; n <= 5; n++) await writer.publish(channel, pack({ n }));
      const subscribed = next(subscription, 'subscribed');
      subscription.subscribe();
      const { wasRecovering, recovered, streamPosition } = await subscribed;
      assert.deepEqual([wasRecovering, recovered, streamPosition.offset], [true, false, 5]);
    });

    it('whoever loads state anew is told to do so when the stream has left the position behind', async () => {
      const channel = fresh('short');
      const writer = await clients.connect('writer');
      const reader = await clients.connect('reader');
      let loads = 0;
      const getState = async () => {
        loads += 1;
        const { offset, epoch } = await writer.history(channel, { limit: 0 });
        return { offset, epoch };
      };
      const subscription = await clients.subscribe(reader, channel, { getState, minResubscribeDelay: 10 });
      assert.equal(loads, 1);
      const unsubscribed = next(subscription, 'unsubscribed');
      subscription.unsubscribe();
      await unsubscribed;
      for (let n = 1; n <= 5; n++) await writer.publish(channel, pack({ n }));
      const subscribed = next(subscription, 'subscribed');
      subscription.subscribe();
      await subscribed;
      assert.equal(loads, 2);
      const heard = next(subscription, 'publication');
      await writer.publish(channel, pack({ n: 6 }));
      assert.equal(unpack((await heard).data).n, 6);
    });

    it('after a kill -9 streams begin a new life, and clients are told', async () => {
      const channel = fresh('room');
      const client = await clients.connect('alice');
      const subscription = await clients.subscribe(client, channel);
      await subscription.publish(pack('of the first life'));
      const { epoch } = await subscription.history({ limit: 0 });
      const connecting = next(client, 'connecting');
      await belfry.kill();
      await connecting;
      const subscribed = next(subscription, 'subscribed');
      await belfry.restart();
      const { wasRecovering, recovered, streamPosition } = await subscribed;
      assert.deepEqual([wasRecovering, recovered], [true, false]);
      assert.notEqual(streamPosition.epoch, epoch);
      const heard = next(subscription, 'publication');
      await subscription.publish(pack('of the second'));
      assert.equal(unpack((await heard).data), 'of the second');
    });
  });
}

describe('recovery on the wire', () => {
  it('brings what is missing with the reply, and nothing twice', async (test) => {
    const belfry = await Belfry.start();
    test.after(() => belfry.remove());
    const token = await belfry.token('alice');
    const channel = `room:${randomUUID()}`;
    const writer = await Raw.open(belfry.socket);
    writer.send({ id: 1, connect: { token } }, { id: 2, subscribe: { channel } });
    for (let n = 1; n <= 3; n++) writer.send({ id: 2 + n, publish: { channel, data: n } });
    const { subscribe: first } = await writer.reply(({ id }) => id === 2);
    await writer.reply(({ id }) => id === 5);

    const reader = await Raw.open(belfry.socket);
    reader.send(
      { id: 1, connect: { token } },
      { id: 2, subscribe: { channel, recover: true, offset: 1, epoch: first.epoch } },
    );
    const { subscribe } = await reader.reply(({ id }) => id === 2);
    assert.deepEqual(
      { ...subscribe, publications: subscribe.publications.map(({ data, offset }) => [data, offset]) },
      {
        recoverable: true, positioned: true, epoch: first.epoch, offset: 1,
        was_recovering: true, recovered: true, publications: [[2, 2], [3, 3]],
      },
    );
    writer.send({ id: 9, publish: { channel, data: 4 } });
    const { push } = await reader.reply((reply) => reply.push?.pub);
    assert.deepEqual([push.channel, push.pub.data, push.pub.offset], [channel, 4, 4]);
    writer.socket.close();
    reader.socket.close();
  });
});
