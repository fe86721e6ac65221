// Floods: of commands, of connections, of slow readers. Each is bounded, and others notice nothing.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';

import { Belfry } from './belfry.mjs';
import { Clients, ENCODINGS, Raw } from './clients.mjs';
import { gather, next, PATIENCE_MS, within } from './deadline.mjs';

describe('a flood', () => {
  it('of commands is slowed, then ended, and its neighbours notice nothing', async (test) => {
    const belfry = await Belfry.start({ 'client.commands_per_second': 10, 'client.commands_burst': 20 });
    test.after(() => belfry.remove());
    const token = await belfry.token('mallory');
    const raw = await Raw.open(belfry.socket);
    raw.send({ id: 1, connect: { token } });
    await raw.reply(({ id }) => id === 1);
    for (let id = 2; id <= 40; id++) raw.send({ id, unsubscribe: { channel: 'quiet:x' } });
    const { error } = await raw.reply((reply) => reply.error);
    assert.deepEqual(error, { code: 111, message: 'too many requests', temporary: true });

    const neighbour = await Raw.open(belfry.socket);
    neighbour.send({ id: 1, connect: { token } }, { id: 2, subscribe: { channel: 'quiet:x' } });
    assert.ok((await neighbour.reply(({ id }) => id === 2)).subscribe);

    for (let id = 41; id <= 140; id++) raw.send({ id, unsubscribe: { channel: 'quiet:x' } });
    assert.deepEqual(await raw.end(), { code: 3013, reason: 'too many requests' });
    assert.ok((await belfry.metric('belfry_refusals_total{door="connection",code="111",reason="too many requests"}')) > 0);
    neighbour.socket.close();
  });

  it('of connections from one address gets 503, and health is still told', async (test) => {
    const belfry = await Belfry.start({ 'admission.per_address': 5 });
    test.after(() => belfry.remove());
    const clients = new Clients(belfry, ENCODINGS[0]);
    test.after(() => clients.disconnect());
    const held = [];
    // Until the server has seen the end of the probes' connections, they hold seats.
    while (held.length < 5) held.push(await within(opened(belfry), PATIENCE_MS, 'a connection'));
    await assert.rejects(Raw.open(belfry.socket), /503/);
    const health = await fetch(`${belfry.url}/healthz`, { headers: { connection: 'close' } });
    assert.equal(health.status, 200);
    const refused = await fetch(belfry.url, { headers: { connection: 'close' } });
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
    assert.ok((await belfry.metric('belfry_admission_refusals_total{reason="address"}')) >= 2);

    // A client that is turned away comes back by itself when there is room.
    const client = clients.make({ token: await belfry.token('user1') });
    const connected = next(client, 'connected');
    client.connect();
    held.pop().socket.terminate();
    held.pop().socket.terminate();
    await connected;
    for (const raw of held) raw.socket.terminate();
  });

  it('of connections a second is let in at its rate', async (test) => {
    const belfry = await Belfry.start({ 'admission.connects_per_second': 10 });
    test.after(() => belfry.remove());
    const attempts = await Promise.all(
      Array.from({ length: 60 }, () => Raw.open(belfry.socket).catch((error) => error)),
    );
    const opened = attempts.filter((attempt) => attempt instanceof Raw);
    assert.ok(opened.length >= 1 && opened.length <= 25, `${opened.length} came in at once`);
    for (const raw of opened) raw.socket.terminate();
  });

  it('beyond the file descriptors turns peers away and ends with them', async (test) => {
    const belfry = await Belfry.start({}, { shell: 'ulimit -n 80;' });
    test.after(() => belfry.remove());
    const sockets = Array.from({ length: 200 }, () => connect(belfry.port, '127.0.0.1').on('error', () => {}));
    // Those that found no descriptor are closed at once, long before a silent connection is.
    await within(
      new Promise((resolve) => {
        let closed = 0;
        for (const socket of sockets) socket.on('close', () => ++closed === 20 && resolve());
      }),
      PATIENCE_MS,
      'peers to be turned away',
    );
    for (const socket of sockets) socket.destroy();
    const raw = await within(opened(belfry), PATIENCE_MS, 'a connection after the flood');
    raw.send({ id: 1, connect: { token: belfry.sign({ sub: 'user1' }) } });
    assert.ok((await raw.reply(({ id }) => id === 1)).connect);
    raw.socket.terminate();
  });

  it('of publications ends the reader that takes none, and no other', async (test) => {
    const belfry = await Belfry.start({
      'hub.mailbox_max': '64KiB',
      'client.commands_per_second': 0,
      'client.ping_interval': '60s',
      'client.pong_timeout': '30s',
    });
    test.after(() => belfry.remove());
    const clients = new Clients(belfry, ENCODINGS[0]);
    test.after(() => clients.disconnect());
    const channel = 'room:crowd';
    const [writer, reader] = [await clients.connect('writer'), await clients.connect('reader')];
    const subscription = await clients.subscribe(writer, channel);
    const heard = gather(await clients.subscribe(reader, channel), 'publication', ({ offset }) => offset);

    const slow = await Raw.open(belfry.socket);
    slow.send({ id: 1, connect: { token: await belfry.token('slow') } }, { id: 2, subscribe: { channel } });
    await slow.reply(({ id }) => id === 2);
    slow.socket._socket.pause();
    const left = next(subscription, 'leave', ({ info }) => info.user === 'slow');
    let isGone = false;
    left.then(() => (isGone = true));
    let count = 0;
    for (; !isGone && count < 5_000; count++) await subscription.publish({ text: 'x'.repeat(12_000) });
    await left;
    slow.socket._socket.resume();
    // The close frame waits behind what is not read, so a reader that stays away may miss it.
    assert.ok([3008, 1006].includes((await slow.end()).code));
    assert.equal(await belfry.metric('belfry_closes_total{code="3008"}'), 1);
    assert.deepEqual(await heard.take(count), Array.from({ length: count }, (_, n) => n + 1));
  });
});

/** A socket, tried for until there is one. */
async function opened(belfry) {
  for (;;) {
    try {
      return await Raw.open(belfry.socket);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
