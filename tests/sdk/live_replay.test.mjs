// The recording of a live room: what was said stands at its position, also after it was trimmed.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';

import { Belfry } from './belfry.mjs';
import { Clients, ENCODINGS } from './clients.mjs';
import { next, within, PATIENCE_MS } from './deadline.mjs';

/** How long the rooms of these tests are live, at least. */
const LENGTH_MS = 300;

for (const encoding of ENCODINGS) {
  describe(`replay, ${encoding.name}`, () => {
    let belfry, clients, service, room;
    before(async () => {
      belfry = await Belfry.start({ 'live.durable': true });
      service = await belfry.token('service1', { role: 'service' });
      clients = new Clients(belfry, encoding);
    });
    after(() => belfry.remove());
    afterEach(() => clients.disconnect());

    /** What staff do to the room. */
    async function done(name, input = {}) {
      const { status, body } = await belfry.call(name, service, { room, ...input });
      assert.equal(status, 200, JSON.stringify(body));
      return body;
    }

    async function arrive(user) {
      const client = await clients.connect(user);
      const call = async (name, input) => {
        const { data } = await client.rpc(name, encoding.pack({ room, ...input }));
        return encoding.unpack(data);
      };
      const say = async (text, at_ms) => (await call('live.comment', { client_id: randomUUID(), text, at_ms })).id;
      const replay = async () => {
        const { comments } = await call('live.replay', { from_ms: 0, to_ms: 600_000 });
        return comments.map(({ text, at_ms }) => [text, at_ms]);
      };
      return { client, call, say, replay };
    }

    /** A room whose recording can be watched; three comments, at 0, 20 and 100 ms. */
    async function recorded() {
      room = `room-${randomUUID()}`;
      const put = await belfry.call('live.room.put', service, { id: room, title: '测试直播间' });
      assert.equal(put.status, 200);
      await done('live.start');
      const reached = async () => {
        while ((await done('live.room.get')).position_ms < LENGTH_MS);
      };
      await within(reached(), PATIENCE_MS, 'the media to run');
      const [ann, ben] = [await arrive('ann'), await arrive('ben')];
      await ann.say('散场', 100);
      await ben.say('老师好', 0);
      const bad = await ben.say('卖资料', 20);
      const { position_ms } = await done('live.end');
      assert.equal((await done('live.publish_replay')).state, 'replay');
      return { bad, position_ms };
    }

    it('is read by position, in windows and from a seek point', async () => {
      await recorded();
      const eve = await arrive('eve');
      assert.deepEqual(await eve.replay(), [['老师好', 0], ['卖资料', 20], ['散场', 100]]);
      const first = await eve.call('live.replay', { from_ms: 0, to_ms: 101, limit: 2 });
      assert.equal(first.comments.length, 2);
      const rest = await eve.call('live.replay', { from_ms: 0, to_ms: 101, limit: 2, cursor: first.next });
      assert.deepEqual([rest.comments[0].text, rest.next], ['散场', undefined]);
      const { comments } = await eve.call('live.replay_seek', { at_ms: 100, count: 1 });
      assert.deepEqual(comments.map(({ text }) => text), ['卖资料']);
    });

    it('keeps what is said to it for the next viewer, and tells those who watch', async () => {
      await recorded();
      const [ann, eve] = [await arrive('ann'), await arrive('eve')];
      const subscription = await clients.subscribe(eve.client, `live:${room}`);
      const heard = next(subscription, 'publication');
      const id = await ann.say('回放也精彩', 50);
      const event = encoding.unpack((await heard).data);
      assert.deepEqual([event.type, event.id, event.at_ms], ['live.comment', id, 50]);
      const texts = (await (await arrive('zoe')).replay()).map(([text]) => text);
      assert.deepEqual(texts, ['老师好', '卖资料', '回放也精彩', '散场']);
    });

    it('no longer holds what was removed, and tells those who watch', async () => {
      const { bad } = await recorded();
      const eve = await arrive('eve');
      const subscription = await clients.subscribe(eve.client, `live:${room}`);
      const heard = next(subscription, 'publication');
      await done('live.remove', { comment: bad });
      assert.deepEqual(encoding.unpack((await heard).data), { type: 'live.removed', ids: [bad] });
      assert.deepEqual(await eve.replay(), [['老师好', 0], ['散场', 100]]);
    });

    it('moves what was said when it is trimmed, and back', async () => {
      const { position_ms } = await recorded();
      const eve = await arrive('eve');
      const subscription = await clients.subscribe(eve.client, `live:${room}`);
      const heard = next(subscription, 'publication');
      const trimmed = await done('live.trim', { cuts: [{ from_ms: 10, to_ms: 70 }] });
      assert.equal(trimmed.position_ms, position_ms - 60);
      assert.equal(encoding.unpack((await heard).data).type, 'live.trimmed');
      await eve.say('剪过了', 39);
      assert.deepEqual(await eve.replay(), [['老师好', 0], ['剪过了', 39], ['散场', 40]]);
      await done('live.trim', { cuts: [] });
      const back = [['老师好', 0], ['卖资料', 20], ['剪过了', 99], ['散场', 100]];
      assert.deepEqual(await eve.replay(), back);
    });
  });
}
