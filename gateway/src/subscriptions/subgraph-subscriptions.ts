/**
 * Subscribes at subgraphs: one WebSocket per subgraph carries every subscription, each with claims of its own.
 *
 * A subscription whose socket broke is taken up again with fresh claims, after a back-off, from the cursor of its last event:
 * a subgraph that knows cursors leaves nothing out. One that does not may lose events of the time between. A subscription that
 * cannot be taken up within `GIVE_UP_MS` ends with SUBGRAPH_UNAVAILABLE. One that the subgraph refuses ends with the
 * subgraph's errors.
 */
import { backOffMs, type Live, type Logger, LyceumError, signClaims, sleep } from '@lyceum/service-kit';
import type { GraphQLFormattedError } from 'graphql';
import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { LimitsPolicy, SubgraphsPolicy } from '../config.ts';
import { addressesOf } from '../federation/subgraph-client/target.ts';
import type { SubgraphRequest, SubgraphResponse } from '../federation/subgraph-client.ts';
import type { OperationScope } from '../operation-scope.ts';
import { cursorOf } from './cursor.ts';
import { createEventQueue, Overflow } from './event-queue.ts';

export interface SubgraphSubscriptions {
  /** From a cursor on, or from now. Ends when the subgraph completes it or the scope's signal aborts. */
  subscribe(
    url: string,
    request: SubgraphRequest,
    scope: OperationScope,
    from: string | null,
  ): AsyncGenerator<SubgraphResponse>;
  close(): Promise<void>;
}

/** Longer than a subgraph takes to start. */
const GIVE_UP_MS = 60_000;
/** A socket that lived so long was none of a row of failures. */
const STEADY_MS = 10_000;
const BACK_OFF = { baseMs: 100, maxMs: 5_000 };
/** A frozen socket is noticed within twice this time. */
const PING_MS = 10_000;
/** The socket stays for a moment after its last subscription ended: the next one saves the handshake. */
const LINGER_MS = 5_000;

export function createSubgraphSubscriptions(options: {
  policy: Live<{ readonly limits: LimitsPolicy; readonly subgraphs: SubgraphsPolicy }>;
  claimsSecret: string;
  log: Logger;
}): SubgraphSubscriptions {
  const { policy, claimsSecret, log } = options;
  const clients = new Map<string, Client>();

  function clientOf(url: string): Client {
    let client = clients.get(url);
    if (!client) {
      client = openClient(url, policy.current.subgraphs);
      clients.set(url, client);
    }
    return client;
  }

  return {
    async *subscribe(url, request, scope, from) {
      let cursor = from;
      let brokenSince: number | null = null;
      for (let failures = 0; !scope.signal.aborted; ) {
        const began = performance.now();
        const claims = signClaims(scope, claimsSecret, 'subgraph');
        const queue = createEventQueue<SubgraphResponse>(policy.current.limits.maxPendingEvents);
        const stop = clientOf(anyOf(addressesOf(url))).subscribe(
          { ...request, extensions: { claims, cursor } },
          {
            next(event) {
              failures = 0;
              brokenSince = null;
              queue.push(event as SubgraphResponse);
            },
            error: (error) => queue.end(isRefusal(error) ? new RefusedBySubgraph(error) : new BrokenSocket(error)),
            complete: () => queue.end(),
          },
        );
        const onAbort = () => queue.end();
        scope.signal.addEventListener('abort', onAbort, { once: true });
        if (scope.signal.aborted) onAbort();
        try {
          for await (const event of queue) {
            cursor = cursorOf(event) ?? cursor;
            yield event;
          }
          return;
        } catch (error) {
          if (error instanceof RefusedBySubgraph) {
            yield { data: null, errors: error.errors };
            return;
          }
          // All that waited has been read: the subgraph gives the rest from its stream.
          if (error instanceof Overflow && cursor !== from) continue;
          if (!(error instanceof BrokenSocket)) throw error;
          const now = performance.now();
          if (now - began > STEADY_MS) [failures, brokenSince] = [0, null];
          failures += 1;
          brokenSince ??= now;
          log.warn(
            { url, failures, requestId: scope.requestId, reason: error.message },
            'subscription lost its socket',
          );
          if (now - brokenSince > GIVE_UP_MS)
            throw new LyceumError('SUBGRAPH_UNAVAILABLE', undefined, undefined, { cause: error });
        } finally {
          scope.signal.removeEventListener('abort', onAbort);
          stop();
        }
        await sleep(backOffMs(failures, BACK_OFF), scope.signal);
      }
    },
    async close() {
      for (const client of clients.values()) client.terminate();
    },
  };
}

/** Does not reconnect by itself: a subscription that is taken up again needs fresh claims. */
function openClient(url: string, { connectMs }: SubgraphsPolicy): Client {
  let pong: NodeJS.Timeout | undefined;
  const client = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: boundedBy(connectMs),
    retryAttempts: 0,
    lazyCloseTimeout: LINGER_MS,
    connectionAckWaitTimeout: connectMs,
    keepAlive: PING_MS,
    on: {
      ping(received) {
        if (!received) pong = setTimeout(() => client.terminate(), PING_MS);
      },
      pong(received) {
        if (received) clearTimeout(pong);
      },
      closed: () => clearTimeout(pong),
    },
  });
  return client;
}

/** A socket that is not there in time is none. One that is given up while it connects still tells of an error, to nobody. */
function boundedBy(handshakeTimeout: number): new (address: string, protocols?: string | string[]) => WebSocket {
  return class extends WebSocket {
    constructor(address: string, protocols?: string | string[]) {
      super(address, protocols, { handshakeTimeout });
      this.on('error', () => {});
    }
  };
}

/** A subscription that lost its socket may find another instance. */
function anyOf(addresses: readonly string[]): string {
  return addresses[Math.floor(Math.random() * addresses.length)] ?? '';
}

class RefusedBySubgraph extends Error {
  readonly errors: readonly GraphQLFormattedError[];

  constructor(errors: readonly GraphQLFormattedError[]) {
    super('The subgraph refused the subscription.');
    this.errors = errors;
  }
}

class BrokenSocket extends Error {
  constructor(event: unknown) {
    const { code, reason, message } = event as { code?: number; reason?: string; message?: string };
    super(message ?? `closed with ${code} ${reason ?? ''}`.trim());
  }
}

/** graphql-ws hands over the errors of an `error` message as an array; anything else tells of the socket. */
function isRefusal(error: unknown): error is readonly GraphQLFormattedError[] {
  return Array.isArray(error);
}
