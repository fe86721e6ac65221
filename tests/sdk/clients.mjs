// The SDK in both encodings, sockets that can be cut, and a raw client for what no SDK would send.

import * as json from 'centrifuge';
import * as protobuf from 'centrifuge/build/protobuf';
import EventSource from 'eventsource';
import WebSocket from 'ws';

import { PATIENCE_MS, within } from './deadline.mjs';

/** The two encodings, with how each carries a JSON value. */
export const ENCODINGS = [
  { ...json, name: 'json', pack: (value) => value, unpack: (value) => value },
  {
    ...protobuf,
    name: 'protobuf',
    pack: (value) => Buffer.from(JSON.stringify(value)),
    unpack: (bytes) => JSON.parse(Buffer.from(bytes).toString('utf8')),
  },
];

/** All clients of a test, so that none outlives it. */
export class Clients {
  #clients = [];

  constructor(belfry, encoding) {
    this.belfry = belfry;
    this.encoding = encoding;
  }

  /**
   * A client that is not connected yet. `cut()` severs its socket as a dead network would, and `away`
   * keeps it out as long as it is true. Other `endpoints` than the WebSocket's bring the fallbacks.
   */
  make(options, endpoints = this.belfry.socket) {
    const sockets = [];
    class Socket extends WebSocket {
      constructor(url, ...args) {
        super(client.away ? 'ws://127.0.0.1:9' : url, ...args);
        sockets.push(this);
      }
    }
    const client = new this.encoding.Centrifuge(endpoints, {
      websocket: Socket,
      eventsource: EventSource,
      emulationEndpoint: `${this.belfry.url}/emulation`,
      minReconnectDelay: 20,
      maxReconnectDelay: 200,
      timeout: PATIENCE_MS,
      ...options,
    });
    client.away = false;
    client.sockets = sockets;
    client.cut = () => sockets.at(-1).terminate();
    // An EventEmitter without a listener for errors throws.
    client.errors = [];
    client.on('error', (context) => client.errors.push(context));
    this.#clients.push(client);
    return client;
  }

  /** A connected client of `user`; `client.greeting` is its connected context. */
  async connect(user, options = {}) {
    const client = this.make({ token: await this.belfry.token(user), ...options });
    await ready(client);
    return client;
  }

  /** A subscription that stands. */
  async subscribe(client, channel, options) {
    const subscription = client.newSubscription(channel, options);
    subscription.errors = [];
    subscription.on('error', (context) => subscription.errors.push(context));
    const subscribed = new Promise((resolve, reject) => {
      subscription.once('subscribed', resolve);
      subscription.once('unsubscribed', (context) => reject(new Error(JSON.stringify(context))));
    });
    subscription.subscribe();
    subscription.greeting = await within(subscribed, PATIENCE_MS, `a subscription to ${channel}`);
    return subscription;
  }

  disconnect() {
    for (const client of this.#clients.splice(0)) client.disconnect();
  }
}

/** Connects and waits. */
export async function ready(client) {
  const connected = new Promise((resolve, reject) => {
    client.once('connected', resolve);
    client.once('disconnected', (context) => reject(new Error(JSON.stringify(context))));
  });
  client.connect();
  client.greeting = await within(connected, PATIENCE_MS, 'a connection');
}

/** The error that `promise` is rejected with. */
export async function refusal(promise) {
  const outcome = await within(
    promise.then((value) => ({ value }), (error) => ({ error })),
    PATIENCE_MS,
    'a refusal',
  );
  if (!outcome.error) throw new Error(`not refused: ${JSON.stringify(outcome.value)}`);
  return outcome.error;
}

/** A socket that sends what it is told, JSON unless `protocols` or the address say otherwise. */
export class Raw {
  #waiting = [];
  messages = [];

  static async open(url, { protocols = [], headers } = {}) {
    const raw = new Raw();
    raw.socket = new WebSocket(url, protocols, { headers, perMessageDeflate: false });
    raw.closed = new Promise((resolve) => {
      raw.socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    raw.socket.on('message', (data, isBinary) => {
      raw.messages.push(isBinary ? data : data.toString());
      for (const wake of raw.#waiting.splice(0)) wake();
    });
    const opened = new Promise((resolve, reject) => {
      raw.socket.on('open', resolve);
      raw.socket.on('unexpected-response', (_, response) => reject(new Error(`${response.statusCode}`)));
      raw.socket.on('error', reject);
    });
    await within(opened, PATIENCE_MS, 'a socket');
    return raw;
  }

  /** Sends frames: texts and buffers as they are, objects as JSON. */
  send(...frames) {
    for (const frame of frames) {
      const isBytes = typeof frame === 'string' || Buffer.isBuffer(frame);
      this.socket.send(isBytes ? frame : JSON.stringify(frame));
    }
    return this;
  }

  /** The first reply or push that `fits`, wherever in a message it stands. */
  reply(fits) {
    const find = () =>
      this.messages
        .flatMap((message) => message.toString().split('\n'))
        .filter((line) => line)
        .map((line) => JSON.parse(line))
        .find(fits);
    const found = (async () => {
      for (;;) {
        const reply = find();
        if (reply) return reply;
        await new Promise((wake) => this.#waiting.push(wake));
      }
    })();
    return within(found, PATIENCE_MS, () => `a reply, got ${this.messages.join(' | ')}`);
  }

  /** How the server ended it. */
  end() {
    return within(this.closed, PATIENCE_MS, () => `a close, got ${this.messages.join(' | ')}`);
  }
}
