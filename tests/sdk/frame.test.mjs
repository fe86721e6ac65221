// What no SDK sends: malformed frames, wrong order, too much. Each gets its close code and words, and
// the server goes on as before.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';

import { Belfry } from './belfry.mjs';
import { Raw } from './clients.mjs';
import { PATIENCE_MS, within } from './deadline.mjs';

const BAD_REQUEST = { code: 3501, reason: 'bad request' };

describe('frames', () => {
  let belfry, token;
  before(async () => {
    belfry = await Belfry.start();
    token = await belfry.token('mallory');
  });
  afterEach(async () => {
    const raw = await Raw.open(belfry.socket);
    raw.send({ id: 1, connect: { token } });
    await raw.reply(({ id, connect }) => id === 1 && connect);
    raw.socket.close();
  });
  after(() => belfry.remove());

  const hello = () => ({ id: 1, connect: { token } });

  for (const [what, ...frames] of [
    ['an empty frame', ''],
    ['a blank line', '\n'],
    ['no JSON', 'hello'],
    ['half a command', '{"id":1,"connect":{'],
    ['a list', '[]'],
    ['a number', '7'],
    ['a command of the wrong types', { id: 'one', connect: [] }],
    ['a negative id', { id: -1, connect: {} }],
    ['an id beyond 32 bits', '{"id":4294967296,"connect":{}}'],
    ['a deeply nested command', `{"id":1,"connect":{"data":${'['.repeat(5000)}${']'.repeat(5000)}}}`],
    ['a text that is not UTF-8 in its data', Buffer.from('{"id":1,"connect":{"name":"\xff"}}', 'latin1')],
    ['another command before connect', { id: 1, subscribe: { channel: 'quiet:x' } }],
    ['a pong before connect', '{}'],
    ['a connect without an id', { connect: {} }],
  ]) {
    it(`${what} as the first frame closes with 3501`, async () => {
      const raw = await Raw.open(belfry.socket);
      raw.send(...frames);
      assert.deepEqual(await raw.end(), BAD_REQUEST);
    });
  }

  for (const [what, frame, close = BAD_REQUEST] of [
    ['a second connect', () => hello()],
    ['no JSON', () => 'hello'],
    ['a pong that nobody asked for', () => '{}'],
    ['a command without an id', () => ({ subscribe: { channel: 'quiet:x' } })],
    ['a command that asks for nothing', () => ({ id: 2 })],
    ['more commands than one frame may hold', () => Array(65).fill('{"id":2,"ping":{}}').join('\n')],
    ['an unknown delta', () => ({ id: 2, subscribe: { channel: 'quiet:x', delta: 'vcdiff' } })],
    ['a message without an answer', () => ({ send: { data: 1 } }), { code: 3508, reason: 'not available' }],
  ]) {
    it(`${what} on an open connection closes with ${close.code}`, async () => {
      const raw = await Raw.open(belfry.socket);
      raw.send(hello());
      await raw.reply(({ id }) => id === 1);
      raw.send(frame());
      assert.deepEqual(await raw.end(), close);
    });
  }

  it('what follows a refused connect closes with 3501', async () => {
    const raw = await Raw.open(belfry.socket);
    raw.send({ id: 1, connect: { token: belfry.sign({ sub: 'mallory', exp: 1 }) } });
    assert.equal((await raw.reply(({ id }) => id === 1)).error.code, 109);
    raw.send({ id: 2, subscribe: { channel: 'quiet:x' } });
    assert.deepEqual(await raw.end(), BAD_REQUEST);
  });

  it('what the protocol has and this server has not is refused in the reply', async () => {
    const raw = await Raw.open(belfry.socket);
    raw.send(
      hello(),
      { id: 2, ping: {} },
      { id: 3, subscribe: { channel: 'quiet:x', type: 1, phase: 2 } },
      { id: 4, subscribe: { channel: 'quiet:x', tf: { key: 'a', cmp: 'eq', val: 'b' } } },
      { id: 5, sub_refresh: { channel: 'quiet:x', token: 'x' } },
      { id: 6, unsubscribe: { channel: 'quiet:never' } },
      { id: 7, subscribe: { channel: '' } },
      { id: 8, rpc: { method: '', data: {} } },
      { id: 9, subscribe: { channel: 'quiet:y' } },
      { id: 10, subscribe: { channel: 'quiet:y' } },
    );
    const code = async (id) => (await raw.reply((reply) => reply.id === id)).error?.code;
    assert.deepEqual(
      await Promise.all([2, 3, 4, 5, 6, 7, 8, 9, 10].map(code)),
      [108, 108, 107, 103, undefined, 107, 104, undefined, 105],
    );
    raw.socket.close();
  });

  it('every error has words, and a result is never missing', async () => {
    const raw = await Raw.open(belfry.socket);
    raw.send(hello(), { id: 2, unsubscribe: { channel: 'quiet:x' } }, { id: 3, rpc: { method: 'no.such' } });
    assert.deepEqual(await raw.reply(({ id }) => id === 2), { id: 2, unsubscribe: {} });
    const { error } = await raw.reply(({ id }) => id === 3);
    assert.deepEqual(error, { code: 104, message: 'method not found' });
    raw.socket.close();
  });

  it('a message too long closes with 1009, however it is sliced', async () => {
    const long = JSON.stringify({ id: 1, connect: { token: 'x'.repeat(17 << 10) } });
    const whole = await Raw.open(belfry.socket);
    whole.send(long);
    assert.equal((await whole.end()).code, 1009);

    const sliced = await Raw.open(belfry.socket);
    for (let at = 0; at < long.length; at += 1000) {
      sliced.socket.send(long.slice(at, at + 1000), { fin: at + 1000 >= long.length });
    }
    assert.equal((await sliced.end()).code, 1009);
  });

  it('a message in many fragments is read as one', async () => {
    const raw = await Raw.open(belfry.socket);
    const text = JSON.stringify(hello());
    for (let at = 0; at < text.length; at += 7) {
      raw.socket.send(text.slice(at, at + 7), { fin: at + 7 >= text.length });
      raw.socket.ping();
    }
    assert.ok((await raw.reply(({ id }) => id === 1)).connect);
    raw.socket.close(1000, 'bye');
    assert.equal((await raw.end()).code, 1000);
  });

  it('a socket that says nothing is closed as stale', async () => {
    const raw = await Raw.open(belfry.socket);
    assert.deepEqual(await raw.end(), { code: 3502, reason: 'stale' });
  });

  it('a client that does not answer pings is closed', async () => {
    const raw = await Raw.open(belfry.socket);
    raw.send(hello());
    assert.deepEqual(await raw.end(), { code: 3012, reason: 'no pong' });
  });

  describe('in Protobuf', () => {
    const open = () => Raw.open(belfry.socket, { protocols: ['centrifuge-protobuf'] });
    for (const [what, bytes] of [
      ['an empty frame', Buffer.alloc(0)],
      ['a length beyond the frame', Buffer.from([200, 1, 8, 1])],
      ['a length beyond all measure', Buffer.from([255, 255, 255, 255, 255, 255, 255, 255, 255, 1])],
      ['a length without an end', Buffer.alloc(20, 255)],
      ['a field of the wrong type', Buffer.from([2, 10, 0])],
      ['random bytes', randomBytes(200)],
      ['JSON', Buffer.from('{"id":1,"connect":{}}')],
    ]) {
      it(`${what} closes with 3501`, async () => {
        const raw = await open();
        raw.send(bytes);
        assert.deepEqual(await raw.end(), BAD_REQUEST);
      });
    }
  });

  describe('below the protocol', () => {
    for (const [what, bytes, code] of [
      ['a frame that is not masked', [0x81, 0x02, 0x7b, 0x7d], 1002],
      ['a reserved bit', [0xc1, 0x80, 0, 0, 0, 0], 1002],
      ['an unknown opcode', [0x83, 0x80, 0, 0, 0, 0], 1002],
      ['a ping longer than 125 bytes', [0x89, 0xfe, 0, 126, 0, 0, 0, 0], 1002],
      ['a continuation of nothing', [0x80, 0x80, 0, 0, 0, 0], 1002],
      ['a text that is not UTF-8', [0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28], 1007],
      ['a length of 2^63', [0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1009],
      ['a close with half a code', [0x88, 0x81, 0, 0, 0, 0, 3], 1002],
    ]) {
      it(`${what} closes with ${code}`, async () => {
        assert.equal(await closeCode(belfry.port, Buffer.from(bytes)), code);
      });
    }
  });
});

/** Sends raw bytes after a handshake; the code of the server's close frame. */
async function closeCode(port, bytes) {
  const socket = connect(port, '127.0.0.1');
  socket.write(
    'GET /connection/websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  let received = Buffer.alloc(0);
  const ended = new Promise((resolve, reject) => {
    socket.on('data', (data) => {
      if (!received.length) socket.write(bytes);
      received = Buffer.concat([received, data]);
    });
    socket.on('end', resolve);
    socket.on('error', reject);
  });
  await within(ended, PATIENCE_MS, 'the server to close');
  socket.destroy();
  const frames = received.subarray(received.indexOf('\r\n\r\n') + 4);
  assert.equal(frames[0], 0x88, `a close frame, got ${frames.toString('hex')}`);
  return frames.readUInt16BE(2);
}
