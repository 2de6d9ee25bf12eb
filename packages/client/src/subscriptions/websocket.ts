/**
 * Subscriptions over graphql-transport-ws: one socket carries all of a client, opened by the first, closed when it is idle.
 *
 * graphql-ws speaks the protocol and does not try again by itself: each subscription comes back on its own terms, and the
 * first that does opens the next socket. A socket that does not answer pings is given up. A new token is handed over in
 * place before the old one ends, as the payload of a ping; where a server knows nothing of that it closes the socket with
 * 4403, and subscriptions come back.
 */
import { createClient } from 'graphql-ws';
import type { Endpoints } from '../endpoints.ts';
import { isLyceumClientError } from '../errors.ts';
import { bearer, type Tokens } from '../tokens.ts';
import { createMessageQueue } from './message-queue.ts';
import {
  CLOSE,
  closedWith,
  Interruption,
  lineBroke,
  type Message,
  readTooSlowly,
  refused,
  type Transport,
} from './transport.ts';

/** The browser's `WebSocket`, or one like it. */
export type WebSocketImplementation = new (url: string, protocols?: string | string[]) => object;

export interface WebSocketParts {
  readonly endpoints: Endpoints;
  readonly tokens: Tokens;
  readonly webSocketImpl: WebSocketImplementation | undefined;
  /** Messages that may wait for each subscriber. */
  readonly maxPending: number;
  /** How long a socket that carries nothing stays open. */
  readonly idleMs: number;
}

const CONNECT_MS = 15_000;
const PING_MS = 15_000;
const MAX_TIMER_MS = 2 ** 31 - 1;
/** The instance is well: the socket was idle, its token refused, or its reader too slow. */
const STAY: ReadonlySet<number> = new Set([1000, CLOSE.FORBIDDEN, CLOSE.SLOW_READER]);

export function createWebSocketTransport(parts: WebSocketParts): Transport {
  const { endpoints, tokens, maxPending, idleMs } = parts;
  /** One for each subscription under way. */
  const underWay = new Set<(interruption: Interruption) => void>();
  let url = endpoints.current();
  let socket: WebSocket | undefined;
  /** What the server was told last on this socket. */
  let told: string | null = null;
  /** Whether it has not answered to that yet. */
  let isOffered = false;
  let connecting: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let renewal: ReturnType<typeof setTimeout> | undefined;

  const client = createClient({
    url() {
      url = endpoints.current();
      return url.replace(/^http/, 'ws');
    },
    async connectionParams() {
      told = await tokens.current();
      isOffered = false;
      return bearer(told);
    },
    webSocketImpl: parts.webSocketImpl && tolerant(parts.webSocketImpl),
    retryAttempts: 0,
    lazyCloseTimeout: idleMs,
    keepAlive: PING_MS,
    on: {
      connecting() {
        connecting = setTimeout(() => client.terminate(), CONNECT_MS);
      },
      connected(opened) {
        clearTimeout(connecting);
        socket = opened as WebSocket;
        renewBeforeEnd();
      },
      ping(received) {
        if (!received) silence = setTimeout(() => client.terminate(), PING_MS);
      },
      pong(received, payload) {
        if (received) clearTimeout(silence);
        if (received && payload) isOffered = false;
      },
      error() {
        clearTimeout(connecting);
        endpoints.failed(url);
      },
      closed(event) {
        for (const timer of [connecting, silence, renewal]) clearTimeout(timer);
        socket = undefined;
        const { code, reason } = event as { code: number; reason: string };
        if (!STAY.has(code)) endpoints.failed(url);
        // A token of another session, or with other roles, may be good all the same: for a new socket.
        const why = isOffered && code === CLOSE.FORBIDDEN ? lineBroke(event) : closedWith(code, reason, told);
        // Before graphql-ws hears of it: after a normal closure it would subscribe again by itself, from the old cursor.
        for (const interrupt of underWay) interrupt(why);
      },
    },
  });

  function renewBeforeEnd(): void {
    clearTimeout(renewal);
    const dueInMs = tokens.dueInMs(told);
    if (dueInMs === undefined) return;
    const renew = () => tokens.current().then(handOver, () => {});
    renewal = setTimeout(renew, Math.min(Math.max(dueInMs, 0), MAX_TIMER_MS));
  }

  /** Tells an open socket of a token that it does not know yet. */
  function handOver(token: string | null): void {
    if (!socket || socket.readyState !== socket.OPEN || token === null || token === told) return;
    [told, isOffered] = [token, true];
    socket.send(JSON.stringify({ type: 'ping', payload: bearer(token) }));
    renewBeforeEnd();
  }

  return {
    async *open(params, token, signal) {
      handOver(token);
      const queue = createMessageQueue<Message>(maxPending);
      const unsubscribe = client.subscribe<unknown>(
        { ...params, query: params.query as string },
        {
          next(message) {
            if (!queue.push(message as Message)) stop(readTooSlowly());
          },
          error: (error) => stop(whyOf(error, told)),
          complete: () => stop(),
        },
      );
      function stop(interruption?: Interruption): void {
        queue.end(interruption);
        underWay.delete(stop);
        unsubscribe();
      }
      const onAbort = () => stop();
      underWay.add(stop);
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
      try {
        yield* queue;
      } finally {
        signal.removeEventListener('abort', onAbort);
        stop();
      }
    },
    async close() {
      if (socket) await client.dispose();
      else client.terminate();
    },
  };
}

/** graphql-ws hands over the errors of an `error` message as an array; anything else tells of the socket, or of the token. */
function whyOf(error: unknown, token: string | null): Interruption {
  if (Array.isArray(error)) return refused(error);
  if (isLyceumClientError(error, 'UNAUTHENTICATED')) return new Interruption('end', error);
  const { code, reason } = error as { code?: unknown; reason?: unknown };
  return typeof code === 'number' ? closedWith(code, String(reason ?? ''), token) : lineBroke(error);
}

/** Some sockets, given up while they connect, tell of an error when nobody listens any more, which ends a Node process. */
function tolerant(Implementation: WebSocketImplementation): WebSocketImplementation {
  return class extends Implementation {
    constructor(url: string, protocols?: string | string[]) {
      super(url, protocols);
      (this as unknown as EventTarget).addEventListener('error', () => {});
    }
  };
}
