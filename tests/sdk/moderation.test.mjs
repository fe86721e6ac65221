// Moderation as people meet it: a warning, a hidden line, an alert, and rules that change while they talk.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';

import { Belfry } from './belfry.mjs';
import { Clients, ENCODINGS, ready, refusal } from './clients.mjs';
import { next } from './deadline.mjs';

const IN_FORCE_WITHIN_MS = 2_000;

for (const encoding of ENCODINGS) {
  describe(`moderation, ${encoding.name}`, () => {
    let belfry, clients;
    before(async () => {
      belfry = await Belfry.start({ 'moderation.probe_pause': '1h' }, { config: null, args: ['--demo'] });
      clients = new Clients(belfry, encoding);
    });
    after(() => belfry.remove());
    afterEach(() => clients.disconnect());

    /** A person: their calls, and every event that they hear. */
    async function arrive(sub, claims) {
      const client = clients.make({ token: await belfry.token(sub, claims) });
      const person = { client, events: [], drops: [] };
      client.on('publication', ({ data }) => person.events.push(encoding.unpack(data)));
      client.on('connecting', (context) => context.code && person.drops.push(context));
      client.on('disconnected', (context) => person.drops.push(context));
      await ready(client);
      person.call = async (method, input) => {
        const { data } = await client.rpc(method, encoding.pack(input));
        return encoding.unpack(data);
      };
      person.say = (conversation, text) =>
        person.call('consult.send', { conversation, client_id: randomUUID(), body: { kind: 'text', text } });
      person.hears = async (type, fits = () => true) => {
        const find = () => person.events.find((event) => event.type === type && fits(event));
        while (!find()) await next(client, 'publication');
        return find();
      };
      return person;
    }

    /** `user` consults a tutor of `inst1`, who accepts. */
    async function consultation(user, tutor = 'tutor1') {
      const [candidate, desk] = [await arrive(user), await arrive(tutor, { role: 'tutor', inst: 'inst1' })];
      await desk.call('consult.state', { state: 'online' });
      const { conversation } = await candidate.call('consult.open', { institution: 'inst1', tutor });
      return { candidate, desk, conversation };
    }

    it('warns of a number in disguise and in two pieces, and delivers it to who insists', async () => {
      const { candidate, desk, conversation } = await consultation('user1');
      const first = await candidate.say(conversation, '我电话壹③八1234');
      assert.equal(first.status, 'delivered', 'half a number is none');
      await desk.hears('consult.message', ({ record }) => record.seq === first.seq);
      const held = await candidate.say(conversation, '５六7⑧');
      assert.equal(held.status, 'held');
      assert.equal(held.warning.category, 'privacy');
      assert.ok(held.warning.advice.zh.includes('隐私'));
      for (const person of [candidate, desk]) {
        const { seqs, notice } = await person.hears('consult.withdrawn');
        assert.deepEqual(seqs, [first.seq]);
        assert.ok(notice.zh);
      }
      const seen = await desk.call('consult.history', { conversation });
      assert.deepEqual(seen.records.map(({ kind }) => kind), ['session', 'withdrawn', 'withheld']);

      const { hold, token } = held;
      const confirmed = await candidate.call('consult.confirm', { conversation, hold, token });
      assert.equal(confirmed.status, 'delivered');
      const { record } = await desk.hears('consult.message', (event) => event.record.seq === confirmed.seq);
      assert.deepEqual([record.body.text, record.flagged], ['５六7⑧', 'privacy']);
      const { seqs } = await desk.hears('consult.restored');
      assert.deepEqual(seqs, [first.seq]);
    });

    it('hides a lure of a tutor, warns the candidate of fraud, and alerts a moderator', async () => {
      const moderator = await arrive('moderator1', { role: 'moderator' });
      assert.deepEqual((await moderator.call('alert.list', {})).alerts, []);
      const { candidate, desk, conversation } = await consultation('user2');
      const lure = '加微信聊吧，xuangang_888，给你内部资料';
      const hidden = await desk.say(conversation, lure);
      assert.equal(hidden.status, 'hidden');
      assert.deepEqual(Object.keys(hidden).sort(), ['category', 'notice', 'seq', 'status'], 'no rule, no place');
      const { record } = await candidate.hears('consult.hidden');
      assert.equal(record.seq, hidden.seq);
      assert.ok(record.notice.zh.includes('谨防诈骗'), record.notice.zh);
      assert.ok(!JSON.stringify(candidate.events).includes('xuangang'));

      const raised = await moderator.hears('alert.raised');
      const { alerts } = await moderator.call('alert.list', { kind: 'keyword', institution: 'inst1' });
      assert.deepEqual(alerts, [raised.alert]);
      const [alert] = alerts;
      assert.deepEqual([alert.conversation, alert.author, alert.hits], [conversation, 'tutor1', 1]);
      assert.deepEqual(alert.records.map(({ seq }) => seq), [hidden.seq]);
      assert.ok(!JSON.stringify(moderator.events).includes('xuangang'));
      assert.equal((await refusal(desk.call('alert.list', {}))).code, 103, 'not for the institution');

      await moderator.call('alert.claim', { alert: alert.id });
      const decision = { alert: alert.id, hits: 1, outcome: 'grave', note: '引流' };
      const { state, decision: made } = await moderator.call('alert.decide', decision);
      assert.deepEqual([state, made.by, made.outcome], ['decided', 'moderator1', 'grave']);
      assert.equal(await belfry.metric('belfry_alerts_open{kind="keyword"}'), 0);
      assert.equal(await belfry.metric('belfry_alerts_raised_total{kind="keyword"}'), 1);
    });

    it('lets a tutor who tries the rules out wait, whatever they say next', async () => {
      const moderator = await arrive('moderator1', { role: 'moderator' });
      const { desk, conversation } = await consultation('user3', 'tutor2');
      for (let n = 0; n < 6; n += 1) {
        const { status } = await desk.say(conversation, `我手机1381234567${n}`);
        assert.equal(status, 'hidden');
      }
      for (const text of ['您好', '我手机13912345678']) {
        const { code, message } = await refusal(desk.say(conversation, text));
        assert.equal(code, 400);
        const { retry_ms } = JSON.parse(message.slice('rate_limited '.length));
        assert.ok(retry_ms > 3_500_000 && retry_ms <= 3_600_000, message);
      }
      const { alerts } = await moderator.call('alert.list', { kind: 'probing' });
      assert.deepEqual(alerts.map(({ author, hits }) => [author, hits]), [['tutor2', 1]]);
    });

    it('judges the next message by what two people published, and nobody is cut off', async () => {
      const [ann, ben] = [await arrive('lead1', { role: 'lead' }), await arrive('compliance1', { role: 'compliance' })];
      const { candidate, desk, conversation } = await consultation('user4');
      const word = '青云密卷';
      assert.equal((await candidate.say(conversation, `有${word}吗`)).status, 'delivered');
      const words = { property: [word] };
      const { version } = await ann.call('moderation.draft', { note: '新骗术', words, add: true });
      assert.equal((await refusal(ann.call('moderation.publish', { version }))).code, 103, 'two people');
      assert.equal((await candidate.say(conversation, `还有${word}吗`)).status, 'delivered', 'a draft judges nothing');

      await ben.call('moderation.publish', { version });
      const answered = Date.now();
      const held = await candidate.say(conversation, `到底有没有${word}`);
      assert.ok(Date.now() - answered < IN_FORCE_WITHIN_MS, `it took ${Date.now() - answered} ms`);
      assert.deepEqual([held.status, held.warning?.category], ['held', 'property']);
      assert.equal((await desk.say(conversation, `我们有${word}`)).status, 'hidden');
      assert.equal(await belfry.metric(`belfry_moderation_rules{version="${version}"}`), 1);
      for (const person of [ann, ben, candidate, desk]) {
        assert.deepEqual(person.drops, []);
        assert.equal(person.client.state, 'connected');
        assert.equal(person.client.sockets.length, 1, 'on the socket that it came with');
      }
    });
  });
}
