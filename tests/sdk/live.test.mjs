// A live room as people meet it: a viewer, a host, two authors, and a crowd that is too large to read.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';

import { Belfry } from './belfry.mjs';
import { Clients, ENCODINGS, ready, refusal } from './clients.mjs';
import { next } from './deadline.mjs';

/** Within so long a mute counts and a removal arrives, wherever. */
const SOON_MS = 1_000;
const CAP = 20;

/** A room that is live, led by `host1` as in the demo. */
async function open(belfry, room, settings = {}) {
  const service = await belfry.token('service1', { role: 'service' });
  const put = { id: room, title: '测试直播间', hosts: ['host1'], settings };
  assert.equal((await belfry.call('live.room.put', service, put)).status, 200);
  assert.equal((await belfry.call('live.start', service, { room })).status, 200);
}

for (const encoding of ENCODINGS) {
  describe(`live rooms, ${encoding.name}`, () => {
    let belfry, clients;
    before(async () => {
      const settings = { 'live.shown_per_second': CAP, 'identity.anonymous': true };
      belfry = await Belfry.start(settings, { config: null, args: ['--demo'] });
      clients = new Clients(belfry, encoding);
    });
    after(() => belfry.remove());
    afterEach(() => clients.disconnect());

    /** A person in a room: their calls, and everything that they hear there, with its offset. */
    async function arrive(room, sub, claims, channel = `live:${room}`) {
      const token = sub ? await belfry.token(sub, claims) : '';
      const client = clients.make(token ? { token } : {});
      const person = { client, heard: [], own: [] };
      client.on('publication', ({ data }) => person.own.push(encoding.unpack(data)));
      await ready(client);
      person.subscription = client.newSubscription(channel);
      person.subscription.on('publication', ({ data, offset }) => {
        person.heard.push({ offset, ...encoding.unpack(data) });
      });
      const refused = new Promise((_, reject) => person.subscription.on('unsubscribed', reject));
      const subscribed = Promise.race([next(person.subscription, 'subscribed'), refused]);
      refused.catch(() => {});
      person.subscription.subscribe();
      person.call = async (method, input = {}) => {
        const { data } = await client.rpc(method, encoding.pack({ room, ...input }));
        return encoding.unpack(data);
      };
      person.say = (text, more = {}) => person.call('live.comment', { client_id: randomUUID(), text, ...more });
      person.publish = (comment) => person.subscription.publish(encoding.pack(comment));
      person.hears = async (type, fits = () => true) => {
        const find = () => person.heard.find((event) => event.type === type && fits(event));
        while (!find()) await next(person.subscription, 'publication');
        return find();
      };
      person.history = async () => {
        const { publications } = await person.subscription.history({ limit: 200 });
        return publications.map(({ data }) => encoding.unpack(data));
      };
      const { data } = await subscribed;
      // Of Protobuf, no data is an empty text.
      person.room = data === undefined || data.length === 0 ? null : encoding.unpack(data);
      return person;
    }

    it('opens the room of the demo, and shows a comment however it is said', async () => {
      const [viewer, ann] = [await arrive('demo', 'user1'), await arrive('demo', 'user2')];
      assert.equal(viewer.room.state, 'live');
      assert.equal(viewer.room.title, '演示直播间');
      const said = await ann.say('老师好');
      assert.equal(said.status, 'visible');
      const { id, nickname, region, text, offset } = await viewer.hears('live.comment');
      assert.deepEqual([id, nickname, region, text], [said.id, '考生小周', '未知', '老师好']);
      assert.equal(offset, said.offset);
      await ann.publish({ text: '用 publish 也能说', client_id: 'p1' });
      await ann.publish({ text: '用 publish 也能说', client_id: 'p1' });
      await viewer.hears('live.comment', (event) => event.text === '用 publish 也能说');
      const { message } = await refusal(ann.publish({ text: '加我微信 13812345678' }));
      assert.equal(message, 'rejected {"category":"privacy"}');
      assert.equal((await refusal(ann.publish({ words: 'x' }))).code, 107);
      assert.ok(!JSON.stringify(viewer.heard).includes('user2'), 'nobody is named by their id');
      const stats = await viewer.hears('live.stats');
      assert.equal(stats.viewers, 2);
      const offsets = viewer.heard.map((event) => event.offset).filter((at) => at);
      assert.deepEqual(offsets, [said.offset, said.offset + 1]);
    });

    it('lets nobody in who may not watch, and nobody but staff sit at the desk', async () => {
      await open(belfry, 'closed');
      await assert.rejects(arrive('closed'), 'anonymous, and the room is for those who are signed in');
      await open(belfry, 'public', { anonymous: true });
      const stranger = await arrive('public');
      assert.equal((await refusal(stranger.say('匿名'))).code, 101);
      assert.equal((await refusal(stranger.publish({ text: '匿名' }))).code, 103);
      await assert.rejects(arrive('nowhere', 'user1'));
      await assert.rejects(arrive('public', 'user1', {}, 'live_desk:public'));
      await arrive('public', 'host1', { role: 'host' }, 'live_desk:public');
    });

    it('mutes at once, and takes a removed comment from viewers, the history and whoever comes back', async () => {
      await open(belfry, 'order');
      const [viewer, ann, ben] = [
        await arrive('order', 'user1'),
        await arrive('order', 'user2'),
        await arrive('order', 'user3'),
      ];
      const host = await arrive('order', 'host1', { role: 'host' });
      const desk = await arrive('order', 'host1', { role: 'host' }, 'live_desk:order');
      await ann.say('第一句');
      await viewer.hears('live.comment');
      viewer.client.cut();
      viewer.client.away = true;
      const { id } = await ben.say('卖二手书啦');
      const seen = await desk.hears('live_desk.comment', ({ comment }) => comment.id === id);
      assert.equal(seen.comment.text, '卖二手书啦');
      const muting = Date.now();
      await host.call('live.mute', { comment: id, term: { minutes: 10 }, remove_recent: true });
      const { code, message } = await refusal(ben.say('还在卖'));
      assert.ok(Date.now() - muting < SOON_MS, `it took ${Date.now() - muting} ms`);
      assert.equal(code, 401);
      const { until } = JSON.parse(message.slice('muted '.length));
      assert.ok(Math.abs(until - muting - 600_000) < 5_000);
      assert.equal((await refusal(ben.publish({ text: '还在卖' }))).code, 401);
      assert.deepEqual((await ann.hears('live.removed')).ids, [id]);
      assert.equal(ben.own.at(-1).type, 'live.muted');

      viewer.client.away = false;
      await viewer.hears('live.removed', ({ ids }) => ids.includes(id));
      for (const person of [viewer, await arrive('order', 'user4')]) {
        const history = await person.history();
        assert.ok(!JSON.stringify([history, person.heard]).includes('卖二手书'), 'the text is gone');
        assert.ok(history.some(({ text }) => text === '第一句'));
      }
      const list = await viewer.call('live.list');
      assert.deepEqual(list.comments.map(({ text }) => text), ['第一句']);
      await host.call('live.unmute', { comment: id });
      assert.equal((await ben.say('我错了')).status, 'visible');
    });

    it('shows a held comment when a moderator approves it, and answers with the pause of slow mode', async () => {
      await open(belfry, 'held', { premoderated: true, slow_s: 60 });
      const [viewer, ann] = [await arrive('held', 'user1'), await arrive('held', 'user2')];
      const moderator = await arrive('held', 'moderator1', { role: 'moderator' }, 'live_desk:held');
      const held = await ann.say('国考什么时候报名');
      assert.equal(held.status, 'held');
      const { message } = await refusal(ann.say('再问一句'));
      const { retry_ms } = JSON.parse(message.slice('slow '.length));
      assert.ok(retry_ms > 50_000 && retry_ms <= 60_000, message);
      const seen = await moderator.hears('live_desk.comment');
      assert.deepEqual([seen.state, seen.cause], ['held', 'premoderated']);
      const { held: list } = await moderator.call('live.hold.list');
      assert.deepEqual(list.map(({ comment, user }) => [comment.id, user]), [[held.id, 'user2']]);
      assert.deepEqual(viewer.heard.filter(({ type }) => type === 'live.comment'), []);
      await moderator.call('live.hold.claim', { comment: held.id });
      await moderator.call('live.hold.decide', { comment: held.id, decision: 'approve' });
      const shown = await viewer.hears('live.comment');
      assert.deepEqual([shown.id, shown.text], [held.id, '国考什么时候报名']);
      while (!ann.own.length) await next(ann.client, 'publication');
      assert.deepEqual(ann.own.at(-1), { type: 'live.decided', room: 'held', comment: held.id, state: 'visible' });
    });

    it('shows a sample of ten times what can be read, and all that staff do, in order', async () => {
      await open(belfry, 'crowd');
      const viewer = await arrive('crowd', 'user1');
      const host = await arrive('crowd', 'host1', { role: 'host' });
      const authors = await Promise.all(Array.from({ length: 20 }, (_, n) => arrive('crowd', `c${n}`)));
      const [ROUNDS, NOTICES] = [20, 20];
      const answers = [];
      const begun = Date.now();
      const notices = (async () => {
        for (let n = 0; n < NOTICES; n += 1) await host.call('live.notice', { text: `第${n}号通知` });
      })();
      for (let round = 0; round < ROUNDS; round += 1) {
        answers.push(...(await Promise.all(authors.map((author, n) => author.say(`第${round}轮第${n}位`)))));
      }
      await notices;
      const seconds = (Date.now() - begun) / 1_000;
      const visible = answers.filter(({ status }) => status === 'visible');
      const sampled = answers.filter(({ status }) => status === 'sampled');
      assert.equal(visible.length + sampled.length, ROUNDS * authors.length);
      assert.ok(sampled.length > 0, `${visible.length} visible in ${seconds} s`);
      assert.ok(visible.length <= CAP * seconds + CAP, `${visible.length} visible in ${seconds} s`);
      const last = visible.at(-1);
      await viewer.hears('live.comment', ({ id }) => id === last.id);
      await viewer.hears('live.notice', ({ notice }) => notice.text === `第${NOTICES - 1}号通知`);
      const heard = viewer.heard.filter(({ offset }) => offset);
      heard.reduce((before, { offset }) => (assert.ok(!before || offset === before + 1), offset), 0);
      const of = (type) => heard.filter((event) => event.type === type);
      assert.deepEqual(of('live.notice').map(({ notice }) => notice.text), Array.from({ length: NOTICES }, (_, n) => `第${n}号通知`));
      assert.deepEqual(new Set(of('live.comment').map(({ id }) => id)), new Set(visible.map(({ id }) => id)));
      const authorsShown = new Set(of('live.comment').map(({ text }) => text.split('第')[2]));
      assert.ok(authorsShown.size >= authors.length / 2, `${authorsShown.size} of ${authors.length} were shown`);
    });
  });
}

describe('live rooms, when the server is killed', () => {
  it('loses at most the last second of what was shown', async () => {
    const belfry = await Belfry.start({ 'live.shown_per_second': 100_000 }, { config: null, args: ['--demo'] });
    try {
      const authors = await Promise.all(Array.from({ length: 4 }, (_, n) => belfry.token(`c${n}`)));
      const operator = await belfry.token('operator1', { role: 'operator' });
      const shown = [];
      let killed = null;
      const talk = async (token, author) => {
        for (let n = 0; !killed; n += 1) {
          const input = { room: 'demo', client_id: `k${n}`, text: `第${author}位第${n}句` };
          const answer = await belfry.call('live.comment', token, input).catch(() => null);
          if (answer?.body.status === 'visible') shown.push({ id: answer.body.id, at: Date.now() });
        }
      };
      const talking = authors.map(talk);
      while (shown.length < 400) await new Promise((resolve) => setImmediate(resolve));
      killed = Date.now();
      await belfry.kill();
      await Promise.all(talking);
      await belfry.restart();

      const kept = new Set();
      let cursor;
      do {
        const { body } = await belfry.call('live.list', operator, { room: 'demo', cursor });
        body.comments.forEach(({ id }) => kept.add(id));
        cursor = body.next;
      } while (cursor);
      const lost = shown.filter(({ id }) => !kept.has(id));
      const oldest = Math.max(0, ...lost.map(({ at }) => killed - at));
      assert.ok(oldest < 1_000, `${lost.length} of ${shown.length} are lost, the oldest after ${oldest} ms`);
      assert.ok(kept.size > 0);
    } finally {
      await belfry.remove();
    }
  });
});
