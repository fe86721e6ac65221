// A consultation between two real SDK clients: what each side sees, through a warning, a hidden line and
// a power cut. Every step is asserted; the exit status is 0 only when the whole story happened.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import process from 'node:process';

import { Belfry } from '../tests/sdk/belfry.mjs';
import { Clients, ENCODINGS } from '../tests/sdk/clients.mjs';
import { next } from '../tests/sdk/deadline.mjs';

const [JSON_ENCODING, PROTOBUF_ENCODING] = ENCODINGS;
const PHONE = '13812345678';
const USER = 'user1';
const [BOLD, DIM, YELLOW, CYAN] = [1, 2, 33, 36];
const INDENT = ' '.repeat(8);

/** One side of the consultation: a client, what it sends, and every event it sees. */
class Side {
  constructor(name, paint) {
    this.name = name;
    this.paint = paint;
    this.events = [];
    this.frames = [];
  }

  async join(belfry, encoding, sub, claims) {
    this.encoding = encoding;
    this.clients = new Clients(belfry, encoding);
    this.client = this.clients.make({ token: await belfry.token(sub, claims) });
    this.client.on('publication', ({ data }) => this.events.push(encoding.unpack(data)));
    const subscribed = next(this.client, 'subscribed');
    this.client.connect();
    const { channel } = await subscribed;
    this.#listen();
    this.client.on('connected', () => this.#listen());
    this.says(`已连接（${encoding.name}），个人频道 ${channel}`, `connected (${encoding.name}), personal channel`);
  }

  /** Keeps every byte that arrives, to look for what must never be there. */
  #listen() {
    this.client.sockets.at(-1).on('message', (data) => this.frames.push(Buffer.from(data).toString('latin1')));
  }

  async call(method, input) {
    const { data } = await this.client.rpc(method, this.encoding.pack(input));
    return this.encoding.unpack(data);
  }

  send(conversation, text, more = {}) {
    const body = { kind: 'text', text };
    return this.call('consult.send', { conversation, client_id: randomUUID(), body, ...more });
  }

  /** The first event of `type` that fits, now or later. */
  async sees(type, fits = () => true) {
    const find = () => this.events.find((event) => event.type === type && fits(event));
    while (!find()) await next(this.client, 'publication');
    return find();
  }

  says(zh, en = '') {
    console.log(`  ${style(this.paint, this.name)}  ${zh}`);
    if (en) console.log(`${INDENT}${style(DIM, en)}`);
  }
}

function chapter(number, zh, en) {
  console.log(`\n${style(BOLD, `${number}. ${zh}`)}  ${style(DIM, en)}`);
}

function style(code, text) {
  return process.stdout.isTTY ? `\x1b[${code}m${text}\x1b[0m` : text;
}

/** What a record shows, as one line. */
function line({ seq, kind, body, author, notice, turn, fate }) {
  const who = author && (author.name ?? '我');
  const shown = {
    message: () => `${who}：${body.text}`,
    hidden: () => `${who}：〔${notice.zh}〕`,
    held: () => `〔留待确认 held: ${fate}〕${body.text}`,
    discard: () => '〔放弃 given up〕',
    session: () => `〔会话 session: ${turn}〕`,
    withheld: () => '〔不可见 nothing to see〕',
  }[kind];
  return `#${seq} ${shown ? shown() : kind}`;
}

async function history(side, conversation) {
  const page = await side.call('consult.history', { conversation, limit: 100 });
  assert.deepEqual(page.records.map(({ seq }) => seq), Array.from({ length: page.last_seq }, (_, n) => n + 1));
  return page.records;
}

async function story(belfry, candidate, tutor) {
  chapter(1, '两端连接', 'Both sides connect');
  await candidate.join(belfry, JSON_ENCODING, USER);
  await tutor.join(belfry, PROTOBUF_ENCODING, 'tutor1', { role: 'tutor', inst: 'inst1' });
  await tutor.call('consult.state', { state: 'online' });
  tutor.says('上线，等待咨询', 'is online and waits');

  chapter(2, '考生提问，老师接待', 'The candidate asks, the tutor accepts');
  const { conversation, state, notice } = await candidate.call('consult.open', { institution: 'inst1', follow: true });
  candidate.says(`打开咨询（${state}）。${notice.zh}`, notice.en);
  const question = '国考和省考可以同时报名吗？';
  const asked = await candidate.send(conversation, question);
  assert.equal(asked.status, 'delivered');
  candidate.says(`${question}  ✓ #${asked.seq}`, 'May I sit the national and the provincial exam in one year?');
  if (state === 'queued') {
    const { entered } = await tutor.sees('consult.queue', (event) => event.entered?.conversation === conversation);
    tutor.says(`排队：${entered.candidate.name} 正在等待`, `in the queue: a pseudonym is all that an institution sees`);
    await tutor.call('consult.accept', { conversation, owner_version: entered.owner_version });
  }
  const seen = (await history(tutor, conversation)).find(({ seq }) => seq === asked.seq);
  assert.equal(seen.body.text, question);
  tutor.says(`看到 ${line(seen)}`, 'sees the question');

  const answer = '可以，两次考试时间不同，分别报名即可。';
  const answered = await tutor.send(conversation, answer, { reply_to: asked.seq });
  assert.equal(answered.status, 'delivered');
  const reply = await candidate.sees('consult.message', ({ record }) => record.seq === answered.seq);
  assert.equal(reply.record.body.text, answer);
  candidate.says(`收到 ${line(reply.record)}`, 'You may: they are held on different days; register for each.');

  chapter(3, '考生要留手机号：先提醒，坚持才发送', 'A phone number: the candidate is warned, and insists');
  const withPhone = `我的手机号是${PHONE}，方便给我回个电话吗？`;
  const held = await candidate.send(conversation, withPhone);
  assert.equal(held.status, 'held');
  assert.equal(held.warning.category, 'privacy');
  candidate.says(`${withPhone}\n${INDENT}⚠ ${held.warning.advice.zh}`, held.warning.advice.en);
  assert.ok(!(await history(tutor, conversation)).some((record) => JSON.stringify(record).includes(PHONE)));
  tutor.says('什么也没有看到', 'sees nothing of it');
  const again = await candidate.send(conversation, withPhone);
  assert.equal(again.status, 'held', 'sending again is not a confirmation');
  await candidate.call('consult.discard', { conversation, hold: again.hold });
  const confirmed = await candidate.call('consult.confirm', { conversation, hold: held.hold, token: held.token });
  assert.equal(confirmed.status, 'delivered');
  candidate.says(`确认发送  ✓ #${confirmed.seq}`, 'confirms: now it is delivered, flagged');
  const flagged = await tutor.sees('consult.message', ({ record }) => record.seq === confirmed.seq);
  assert.deepEqual([flagged.record.body.text, flagged.record.flagged], [withPhone, 'privacy']);
  tutor.says(`收到 ${line(flagged.record)}  〔已提醒 flagged〕`);

  chapter(4, '老师想拉到站外：不予显示', 'The tutor tries to leave the platform: hidden');
  const lure = '站外聊吧，打我手机13987654321，给你优惠。';
  const hidden = await tutor.send(conversation, lure);
  assert.equal(hidden.status, 'hidden');
  tutor.says(`${lure}\n${INDENT}✕ ${hidden.notice.zh}`, hidden.notice.en);
  const placeholder = await candidate.sees('consult.hidden', ({ record }) => record.seq === hidden.seq);
  assert.ok(!JSON.stringify(placeholder).includes('13987654321'));
  candidate.says(`看到 ${line(placeholder.record)}`, placeholder.record.notice.en);

  chapter(5, '服务器断电（kill -9），再启动', 'The server dies (kill -9) and starts again');
  const before = { candidate: await history(candidate, conversation), tutor: await history(tutor, conversation) };
  const away = [candidate, tutor].map(({ client }) => next(client, 'connecting'));
  await belfry.kill();
  await Promise.all(away);
  candidate.says('连接断开', 'is cut off');
  tutor.says('连接断开', 'is cut off');
  const back = [candidate, tutor].map(({ client }) => next(client, 'connected'));
  await belfry.restart();
  await Promise.all(back);
  candidate.says('自动重连', 'comes back by itself');
  tutor.says('自动重连', 'comes back by itself');
  assert.deepEqual(await history(candidate, conversation), before.candidate);
  assert.deepEqual(await history(tutor, conversation), before.tutor);
  for (const [side, records] of [[candidate, before.candidate], [tutor, before.tutor]]) {
    side.says('重启后的记录：', 'the records after the restart:');
    for (const record of records) console.log(`${INDENT}${line(record)}`);
  }
  const thanks = '谢谢老师！';
  const last = await candidate.send(conversation, thanks);
  assert.equal(last.seq, before.candidate.length + 1, 'the next number, without a gap');
  const heard = await tutor.sees('consult.message', ({ record }) => record.seq === last.seq);
  tutor.says(`收到 ${line(heard.record)}`, 'and the talk goes on');

  chapter(6, '机构从未看到考生是谁', 'The institution never saw who the candidate is');
  const bytes = tutor.frames.join('\n');
  assert.ok(bytes.includes(conversation), 'the frames were kept');
  assert.ok(!bytes.includes(USER), "the candidate's id is in a frame to the institution");
  tutor.says(`收到的 ${tutor.frames.length} 个数据帧里没有 ${USER}`, 'no frame held the id');
}

const belfry = await Belfry.start({}, { config: null, args: ['--demo'] });
console.log(`Belfry  ${belfry.url}`);
const [candidate, tutor] = [new Side('考生', CYAN), new Side('老师', YELLOW)];
try {
  await story(belfry, candidate, tutor);
  console.log('\n✓ 全部如实发生  The whole story happened.');
} catch (fault) {
  console.error(`\n✕ ${fault.stack}\n\n${belfry.log.slice(-4_000)}`);
  process.exitCode = 1;
} finally {
  for (const { clients } of [candidate, tutor]) clients?.disconnect();
  await belfry.remove();
}
