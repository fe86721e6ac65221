// Starts the real binary on a free loopback port with a temporary folder, and mints its tokens.

import { execFile, spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { within } from './deadline.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const BIN = process.env.BELFRY_BIN ?? join(HERE, '../../target/debug/belfry');
const run = promisify(execFile);

/** No server outlives its tests, even when they crash. */
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

export class Belfry {
  #process = null;
  #log = '';

  /** A running server. `settings` are keys as in the file, dotted: { 'client.ping_interval': '1s' }. */
  static async start(settings = {}, { config = join(HERE, 'belfry.toml'), args = [], port, shell } = {}) {
    const belfry = new Belfry();
    belfry.folder = await mkdtemp(join(tmpdir(), 'belfry-sdk-'));
    belfry.port = port ?? (await freePort());
    belfry.secret = randomBytes(32).toString('hex');
    belfry.args = ['serve', ...(config ? ['--config', config] : []), ...args];
    belfry.shell = shell;
    belfry.environment = {
      PATH: process.env.PATH,
      ...variables({
        'http.listen': `127.0.0.1:${belfry.port}`,
        'identity.hmac_secret': belfry.secret,
        'log.filter': 'info',
        ...settings,
      }),
    };
    await belfry.restart();
    return belfry;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  get socket() {
    return `ws://127.0.0.1:${this.port}/connection/websocket`;
  }

  get pid() {
    return this.#process.pid;
  }

  /** What the server wrote to its log. */
  get log() {
    return this.#log;
  }

  /** Starts it again on the same port and folder, and returns once it answers. */
  async restart() {
    const [program, ...args] = this.shell
      ? ['sh', '-c', `${this.shell} exec "$0" "$@"`, BIN, ...this.args]
      : [BIN, ...this.args];
    this.#process = spawn(program, args, {
      cwd: this.folder,
      env: this.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (this.#log += text));
    }
    const child = this.#process;
    running.add(child);
    this.exited = once(child, 'exit').finally(() => running.delete(child));
    await within(this.#answers(), 15_000, () => `the server to answer\n${this.#log}`);
  }

  async #answers() {
    let exit = null;
    this.exited.then((status) => (exit = status));
    for (;;) {
      if (exit) throw new Error(`the server ended with ${exit}\n${this.#log}`);
      try {
        if ((await this.#get('/healthz')).ok) return;
      } catch {
        // Not listening yet.
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** As a power cut would. */
  async kill() {
    this.#process.kill('SIGKILL');
    await this.exited;
  }

  /** As an operator would; resolves with the exit status. */
  async stop() {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#process.kill('SIGTERM');
      await within(this.exited, 20_000, () => `the server to stop\n${this.#log}`);
    }
    return this.#process.exitCode;
  }

  /** Stops the server and removes its folder. */
  async remove() {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A connection token, minted by the binary itself. */
  async token(sub, { role = 'user', inst, name, ttl = '1h' } = {}) {
    const args = ['token', '--sub', sub, '--role', role, '--ttl', ttl];
    if (inst) args.push('--inst', inst);
    if (name) args.push('--name', name);
    const { stdout } = await run(BIN, args, { cwd: this.folder, env: this.environment });
    return stdout.trim();
  }

  /** A token with any claims, as the platform's own service would sign it. */
  sign(claims, secret = this.secret) {
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${part({ typ: 'JWT', alg: 'HS256' })}.${part(claims)}`;
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
  }

  /** Calls an operation over the HTTP door. */
  async call(name, token, input = {}) {
    const response = await fetch(`${this.url}/api/v1/${name}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(input),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  /** Over a connection of its own, which takes no seat from others. */
  #get(path) {
    return fetch(`${this.url}${path}`, { headers: { connection: 'close' } });
  }

  /** The value of a metric's line, 0 when it is not there yet. */
  async metric(line) {
    const page = await (await this.#get('/metrics')).text();
    const found = page.split('\n').find((text) => text.startsWith(`${line} `));
    return found ? Number(found.slice(line.length + 1)) : 0;
  }
}

/** Seconds since 1970, `s` from now. */
export function inSeconds(s) {
  return Math.floor(Date.now() / 1000) + s;
}

function variables(settings) {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [
      `BELFRY__${key.toUpperCase().replaceAll('.', '__')}`,
      String(value),
    ]),
  );
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
