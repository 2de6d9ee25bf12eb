/**
 * One WebSocket to a subgraph that carries many subscriptions (graphql-transport-ws, the client's side).
 *
 * Opens with its first operation and stays for a moment after its last. What it carries is told once when it is gone, for
 * whatever reason; it never opens again.
 */
import type { GraphQLFormattedError } from 'graphql';
import { GRAPHQL_TRANSPORT_WS_PROTOCOL, type SubscribePayload } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { SubgraphResponse } from '../../federation/subgraph-client.ts';

/** What happens to one operation. After `refused`, `completed` or `broken` nothing follows. */
export interface UpstreamOperation {
  event(event: SubgraphResponse): void;
  refused(errors: readonly GraphQLFormattedError[]): void;
  completed(): void;
  /** The socket is gone. */
  broken(): void;
}

export interface UpstreamSocketOptions {
  readonly url: string;
  /** For the connection, and again for its acknowledgement. */
  readonly connectMs: number;
  readonly maxMessageBytes: number;
  /** With the number of operations that it still carried. */
  onGone(reason: string, operations: number): void;
}

/** A frozen socket is noticed within twice this time. */
const PING_MS = 10_000;
/** The next subscription saves the handshake. */
const LINGER_MS = 5_000;
const ACKNOWLEDGED = { type: 'connection_ack' };
const SEND_OPTIONS = { compress: false };

export class UpstreamSocket {
  readonly #socket: WebSocket;
  readonly #options: UpstreamSocketOptions;
  readonly #operations = new Map<string, UpstreamOperation>();
  /** What is to be sent once the subgraph has acknowledged; null from then on. */
  #waiting: string[] | null = [];
  #lastId = 0;
  #isGone = false;
  #isAnswered = true;
  #linger: NodeJS.Timeout | undefined;
  #acknowledgement: NodeJS.Timeout | undefined;
  readonly #pings: NodeJS.Timeout;

  constructor(options: UpstreamSocketOptions) {
    this.#options = options;
    const { url, connectMs, maxMessageBytes } = options;
    const socket = new WebSocket(url.replace(/^http/, 'ws'), GRAPHQL_TRANSPORT_WS_PROTOCOL, {
      handshakeTimeout: connectMs,
      maxPayload: maxMessageBytes,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    socket.on('open', () => {
      this.#acknowledgement = setTimeout(() => this.#giveUp('not acknowledged in time'), connectMs);
      socket.send('{"type":"connection_init"}', SEND_OPTIONS);
    });
    socket.on('message', (data) => this.#read(String(data)));
    socket.on('pong', () => {
      this.#isAnswered = true;
    });
    socket.on('error', (error) => this.#giveUp(error.message));
    socket.on('close', (code, reason) => this.#giveUp(`closed with ${code} ${String(reason)}`.trim()));
    this.#pings = setInterval(() => this.#ping(), PING_MS);
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** Operations that are open. */
  get size(): number {
    return this.#operations.size;
  }

  /** Returns the way to end it, after which nothing is heard of it. */
  subscribe(payload: SubscribePayload, operation: UpstreamOperation): () => void {
    this.#lastId += 1;
    const id = String(this.#lastId);
    this.#operations.set(id, operation);
    clearTimeout(this.#linger);
    this.#send(`{"id":"${id}","type":"subscribe","payload":${JSON.stringify(payload)}}`);
    return () => {
      if (this.#forget(id)) this.#send(`{"id":"${id}","type":"complete"}`);
    };
  }

  close(): void {
    this.#giveUp('closed here');
  }

  #send(message: string): void {
    if (this.#isGone) return;
    if (this.#waiting) this.#waiting.push(message);
    else this.#socket.send(message, SEND_OPTIONS);
  }

  #read(text: string): void {
    const message = readMessage(text);
    if (!message) {
      this.#giveUp('a message that is no JSON object');
      return;
    }
    const { type, id, payload } = message;
    if (type === ACKNOWLEDGED.type) {
      this.#acknowledged();
      return;
    }
    if (type === 'ping') {
      this.#send('{"type":"pong"}');
      return;
    }
    const operation = typeof id === 'string' ? this.#operations.get(id) : undefined;
    // One that has just been ended may still be spoken of.
    if (operation === undefined || typeof id !== 'string') return;
    if (type === 'next') {
      operation.event((payload ?? {}) as SubgraphResponse);
      return;
    }
    this.#forget(id);
    if (type === 'complete') operation.completed();
    else if (type === 'error' && Array.isArray(payload)) operation.refused(payload);
    else operation.broken();
  }

  #acknowledged(): void {
    clearTimeout(this.#acknowledgement);
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const message of waiting) this.#socket.send(message, SEND_OPTIONS);
  }

  #forget(id: string): boolean {
    const isKnown = this.#operations.delete(id);
    if (this.#operations.size === 0 && !this.#isGone) {
      clearTimeout(this.#linger);
      this.#linger = setTimeout(() => this.#giveUp('nobody needs it'), LINGER_MS);
    }
    return isKnown;
  }

  #ping(): void {
    if (!this.#isAnswered) {
      this.#giveUp('no answer to a ping');
      return;
    }
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#isAnswered = false;
    this.#socket.ping();
  }

  #giveUp(reason: string): void {
    if (this.#isGone) return;
    this.#isGone = true;
    clearTimeout(this.#acknowledgement);
    clearTimeout(this.#linger);
    clearInterval(this.#pings);
    this.#socket.terminate();
    const operations = [...this.#operations.values()];
    this.#operations.clear();
    this.#options.onGone(reason, operations.length);
    for (const operation of operations) operation.broken();
  }
}

function readMessage(text: string): { type?: unknown; id?: unknown; payload?: unknown } | undefined {
  try {
    const message: unknown = JSON.parse(text);
    return typeof message === 'object' && message !== null ? message : undefined;
  } catch {
    return undefined;
  }
}
