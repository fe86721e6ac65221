// The worked example of docs/examples/qr-sign-in.md, with the configuration that stands there.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';

import { Belfry, inSeconds } from './belfry.mjs';
import { Clients, ENCODINGS, ready, refusal } from './clients.mjs';
import { gather, next } from './deadline.mjs';

describe('QR sign-in', () => {
  let belfry, folder, service;
  before(async () => {
    const document = await readFile(new URL('../../docs/examples/qr-sign-in.md', import.meta.url), 'utf8');
    const [, toml] = document.match(/```toml\n([^]*?)```/);
    folder = await mkdtemp(join(tmpdir(), 'belfry-qr-'));
    const config = join(folder, 'belfry.toml');
    await writeFile(config, toml);
    belfry = await Belfry.start({}, { config });
    service = await belfry.token('platform', { role: 'service' });
  });
  after(async () => {
    await belfry.remove();
    await rm(folder, { recursive: true });
  });

  /** What the platform gives a page that asks for a code. */
  function code(seconds) {
    const channel = `$signin:${randomBytes(16).toString('hex')}`;
    return { channel, token: belfry.sign({ sub: '', channel, exp: inSeconds(seconds) }) };
  }

  async function publish(channel, data) {
    const { status } = await belfry.call('publish', service, { channel, data });
    assert.equal(status, 200);
  }

  for (const encoding of ENCODINGS) {
    describe(encoding.name, () => {
      let clients;
      before(() => (clients = new Clients(belfry, encoding)));
      afterEach(() => clients.disconnect());

      it('the page is signed in once the phone confirms', async () => {
        const { channel, token } = code(120);
        const visitor = clients.make({});
        await ready(visitor);
        const subscription = await clients.subscribe(visitor, channel, { token });
        const states = gather(subscription, 'publication', ({ data }) => encoding.unpack(data));
        await publish(channel, { state: 'scanned' });
        await publish(channel, { state: 'confirmed', token: await belfry.token('user1', { ttl: '1m' }) });
        const [scanned, confirmed] = await states.take(2);
        assert.equal(scanned.state, 'scanned');
        visitor.disconnect();
        const page = clients.make({ token: confirmed.token });
        const personal = next(page, 'subscribed');
        await ready(page);
        assert.equal((await personal).channel, 'user:#user1');
      });

      it('a code that is over ends, and the page draws another', async () => {
        const { channel, token } = code(1);
        const visitor = clients.make({});
        await ready(visitor);
        const subscription = await clients.subscribe(visitor, channel, {
          token,
          getToken: async () => {
            throw new encoding.UnauthorizedError('the code is over');
          },
        });
        assert.equal((await next(subscription, 'unsubscribed')).code, 1);
      });

      it('nobody else hears it, and a visitor may do nothing else', async () => {
        const { channel } = code(120);
        const visitor = clients.make({});
        await ready(visitor);
        assert.match((await refusal(clients.subscribe(visitor, channel))).message, /"code":103/);
        assert.match((await refusal(clients.subscribe(visitor, 'live:demo'))).message, /"code":103/);
        assert.equal((await refusal(visitor.publish(channel, encoding.pack('forged')))).code, 103);
        assert.equal((await refusal(visitor.rpc('publish', encoding.pack({ channel, data: 1 })))).code, 101);
        assert.equal((await refusal(visitor.history(channel, { limit: 10 }))).code, 108);
      });
    });
  }
});
