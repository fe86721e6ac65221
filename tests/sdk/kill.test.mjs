// kill -9 in the middle of a conversation at full speed: what was acknowledged is there, once, in order.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Belfry } from './belfry.mjs';
import { ENCODINGS, Clients, ready } from './clients.mjs';
import { within } from './deadline.mjs';

const KILLS = 20;
/** How many messages each side has under way. */
const WINDOW = 8;
/** Between two kills, at least so many messages are acknowledged. */
const ACKED_MIN = 60;

/** A small seeded generator (mulberry32), so that a failing run can be run again. */
function seeded(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One side of the conversation: it never stops talking, and says again what was not acknowledged. */
class Speaker {
  acked = new Map();
  retries = 0;
  /** Called at each acknowledgement. */
  heard = () => {};
  #stopped = false;

  constructor(client, encoding, name) {
    Object.assign(this, { client, encoding, name });
  }

  async rpc(method, input) {
    const { data } = await this.client.rpc(method, this.encoding.pack(input));
    return this.encoding.unpack(data);
  }

  talk(conversation) {
    let next = 0;
    const loop = async () => {
      while (!this.#stopped) {
        const client_id = `${this.name}-${next++}`;
        const body = { kind: 'text', text: `第 ${client_id} 句` };
        await this.#say({ conversation, client_id, body });
      }
    };
    this.talking = Promise.all(Array.from({ length: WINDOW }, loop));
  }

  async #say(message) {
    for (;;) {
      try {
        const answer = await this.rpc('consult.send', message);
        assert.equal(answer.status, 'delivered');
        this.acked.set(message.client_id, answer.seq);
        this.heard();
        return;
      } catch (error) {
        // Nothing but a lost connection, or a server on its way down or up, may refuse.
        if (error.code >= 400 && error.code !== 407) throw error;
        this.retries += 1;
        await this.client.ready(20_000);
      }
    }
  }

  async stop() {
    this.#stopped = true;
    await within(this.talking, 30_000, 'the last words');
  }

  /** Every record, page by page. */
  async history(conversation) {
    const records = [];
    for (;;) {
      const after = records.at(-1)?.seq ?? 0;
      const page = await this.rpc('consult.history', { conversation, after, limit: 100 });
      if (page.records.length === 0) return records;
      records.push(...page.records);
    }
  }
}

describe('kill -9 under load', () => {
  let belfry, clients;
  before(async () => {
    const unlimited = 'per_second = 0, burst = 1';
    belfry = await Belfry.start(
      {
        'rates.send': `{ ${unlimited} }`,
        'rates.read': `{ ${unlimited} }`,
        'client.commands_per_second': 0,
      },
      { args: ['--demo'] },
    );
    clients = ENCODINGS.map((encoding) => new Clients(belfry, encoding));
  });
  after(async () => {
    clients.forEach((each) => each.disconnect());
    await belfry.remove();
  });

  it(`loses nothing, doubles nothing, ${KILLS} times`, { timeout: 300_000 }, async (test) => {
    const random = seeded(20_261_123);
    const token = { user: await belfry.token('user1') };
    token.tutor = await belfry.token('tutor1', { role: 'tutor', inst: 'inst1' });
    const user = new Speaker(clients[0].make({ token: token.user }), ENCODINGS[0], 'user');
    const tutor = new Speaker(clients[1].make({ token: token.tutor }), ENCODINGS[1], 'tutor');
    const speakers = [user, tutor];
    for (const { client } of speakers) await ready(client);
    await tutor.rpc('consult.state', { state: 'online' });
    const { conversation } = await user.rpc('consult.open', { institution: 'inst1', tutor: 'tutor1' });
    for (const speaker of speakers) speaker.talk(conversation);

    const failed = Promise.race(speakers.map(({ talking }) => talking)).then(() => new Promise(() => {}));
    const count = () => speakers.reduce((sum, { acked }) => sum + acked.size, 0);
    for (let kill = 0; kill < KILLS; kill++) {
      const goal = count() + ACKED_MIN + Math.floor(random() * ACKED_MIN);
      const reached = new Promise((resolve) => {
        for (const speaker of speakers) speaker.heard = () => count() >= goal && resolve();
      });
      await within(Promise.race([reached, failed]), 60_000, () => `${goal} messages, got ${count()}`);
      await belfry.kill();
      await belfry.restart();
    }
    for (const speaker of speakers) await speaker.stop();

    const [seen, other] = [await user.history(conversation), await tutor.history(conversation)];
    assert.deepEqual(seen.map(({ seq }) => seq), seen.map((_, at) => at + 1), 'seq has a gap');
    assert.deepEqual(other.map(({ seq }) => seq), seen.map(({ seq }) => seq));
    for (const [speaker, records] of [[user, seen], [tutor, other]]) {
      const own = records.filter(({ client_id }) => client_id?.startsWith(`${speaker.name}-`));
      assert.equal(new Set(own.map(({ client_id }) => client_id)).size, own.length, 'stored twice');
      const stored = new Map(own.map(({ client_id, seq }) => [client_id, seq]));
      for (const [client_id, seq] of speaker.acked) assert.equal(stored.get(client_id), seq, client_id);
    }
    const texts = (records) => records.filter(({ kind }) => kind === 'message').map(({ body }) => body.text);
    assert.deepEqual(texts(seen), texts(other), 'the two sides read different conversations');
    const retries = user.retries + tutor.retries;
    test.diagnostic(`${count()} acknowledged, ${seen.length} records, ${KILLS} kills, ${retries} retries`);
  });
});
