/**
 * Puts the parts together: one client for one person, with one token, one socket and the addresses of one service.
 */
import { createEndpoints } from './endpoints.ts';
import { LyceumClientError } from './errors.ts';
import { createHttp } from './http.ts';
import { type DocumentIdOf, hashInMeta, type Operation, paramsOf } from './operations.ts';
import { type ResumeOptions, resume, type SubscriptionMessage } from './subscriptions/resume.ts';
import { createSseTransport } from './subscriptions/sse.ts';
import { createWebSocketTransport, type WebSocketImplementation } from './subscriptions/websocket.ts';
import { createTokens, type TokenOptions } from './tokens.ts';
import type { RetryPolicy } from './waiting.ts';

export interface LyceumClientOptions extends TokenOptions {
  /** `https://…/graphql`, or several: the first is used until it fails, then the next one. */
  readonly url: string | readonly string[];
  /** How subscriptions travel; `websocket` unless told otherwise. */
  readonly transport?: 'websocket' | 'sse';
  /** In place of the platform's `WebSocket`. */
  readonly webSocketImpl?: WebSocketImplementation;
  /** In place of the platform's `fetch`. */
  readonly fetch?: typeof fetch;
  /**
   * The id under which the server knows a document, sent in place of its text; undefined to send the text. Unless told
   * otherwise it is `__meta__.hash` of the document.
   */
  readonly documentIdOf?: DocumentIdOf;
  /** Of one try of a query or mutation; 30 seconds unless told otherwise. */
  readonly timeoutMs?: number;
  /** Messages that may wait for a subscriber over WebSocket before it has to ask again; 1,000 unless told otherwise. */
  readonly maxPending?: number;
  /** How long a socket without subscriptions stays open; 10 seconds unless told otherwise. */
  readonly idleMs?: number;
  /** How subscriptions come back; 60 tries, the first within 250 ms, the last up to 15 s apart, unless told otherwise. */
  readonly retry?: Partial<RetryPolicy>;
}

export interface RequestOptions {
  /** Gives up waiting; what the promise rejects with is the signal's reason. A mutation may have happened all the same. */
  readonly signal?: AbortSignal;
  /** Which one, in a document of several operations. */
  readonly operationName?: string;
}

export interface SubscribeOptions extends ResumeOptions {
  /** Ends the iteration quietly. */
  readonly signal?: AbortSignal;
  readonly operationName?: string;
}

/** Variables may be left out where every one of them may. */
type Rest<Variables, Options> =
  Record<never, never> extends Variables
    ? [variables?: Variables, options?: Options]
    : [variables: Variables, options?: Options];

type AnyData = Record<string, unknown>;
type AnyVariables = Record<string, unknown>;

export interface LyceumClient {
  /**
   * The data of the whole answer. Throws `LyceumClientError` if there is any error, with the data that came all the same.
   * Equal queries that are under way share one request and get the same object: do not change it.
   */
  query<Data = AnyData, Variables = AnyVariables>(
    operation: Operation<Data, Variables>,
    ...rest: Rest<Variables, RequestOptions>
  ): Promise<Data>;
  /** The same for a mutation, which is never shared, and sent again only if it was refused before it began. */
  mutate<Data = AnyData, Variables = AnyVariables>(
    operation: Operation<Data, Variables>,
    ...rest: Rest<Variables, RequestOptions>
  ): Promise<Data>;
  /**
   * The events of a subscription, from a cursor or from now on: each once, in order, across lost sockets, gateways that die
   * and tokens that end. Begins with the first `next()`; to be iterated once. Ends with the operation. Throws
   * `LyceumClientError` when trying again is of no use.
   */
  subscribe<Data = AnyData, Variables = AnyVariables>(
    operation: Operation<Data, Variables>,
    ...rest: Rest<Variables, SubscribeOptions>
  ): AsyncGenerator<SubscriptionMessage<Data>, void, void>;
  /** Ends every subscription quietly, rejects what is under way with CLIENT_CLOSED, and closes the socket. */
  close(): Promise<void>;
}

const RETRY: RetryPolicy = { attempts: 60, baseMs: 250, maxMs: 15_000 };

/** Throws a TypeError for what is no address. Nothing is opened before it is needed. */
export function createLyceumClient(options: LyceumClientOptions): LyceumClient {
  const { transport: kind = 'websocket', documentIdOf = hashInMeta, timeoutMs = 30_000 } = options;
  // Called through, since the platform's must be called on nothing, and tests may replace it.
  const send: typeof fetch = options.fetch ?? ((...request) => globalThis.fetch(...request));
  const endpoints = createEndpoints(options.url);
  const tokens = createTokens(options);
  const http = createHttp({ endpoints, tokens, fetch: send, timeoutMs });
  const transport =
    kind === 'sse'
      ? createSseTransport({ endpoints, fetch: send })
      : createWebSocketTransport({
          endpoints,
          tokens,
          webSocketImpl: options.webSocketImpl,
          maxPending: options.maxPending ?? 1_000,
          idleMs: options.idleMs ?? 10_000,
        });
  const retry = { ...RETRY, ...options.retry };
  const closing = new AbortController();

  function untilClosed(...signals: readonly (AbortSignal | undefined)[]): AbortSignal {
    return AbortSignal.any([closing.signal, ...signals.filter((signal) => signal !== undefined)]);
  }

  return {
    async query<Data, Variables>(
      operation: Operation<Data, Variables>,
      ...[variables, { signal, operationName } = {}]: Rest<Variables, RequestOptions>
    ) {
      const params = paramsOf(operation, variables, operationName, 'query', documentIdOf);
      return (await http.query(params, untilClosed(signal))) as Data;
    },
    async mutate<Data, Variables>(
      operation: Operation<Data, Variables>,
      ...[variables, { signal, operationName } = {}]: Rest<Variables, RequestOptions>
    ) {
      const params = paramsOf(operation, variables, operationName, 'mutation', documentIdOf);
      return (await http.mutate(params, untilClosed(signal))) as Data;
    },
    subscribe<Data, Variables>(
      operation: Operation<Data, Variables>,
      ...[variables, options = {}]: Rest<Variables, SubscribeOptions>
    ) {
      closing.signal.throwIfAborted();
      const params = paramsOf(operation, variables, options.operationName, 'subscription', documentIdOf);
      const ending = new AbortController();
      const signal = untilClosed(options.signal, ending.signal);
      const messages = resume({ transport, tokens, retry, signal }, params, options);
      return endedBy(messages as AsyncGenerator<SubscriptionMessage<Data>, void, void>, ending);
    },
    async close() {
      closing.abort(new LyceumClientError('CLIENT_CLOSED', 'The client was closed.'));
      await transport.close();
    },
  };
}

/** A generator that waits for its next message cannot be returned before it comes: what it waits for is ended first. */
function endedBy<T>(messages: AsyncGenerator<T, void, void>, ending: AbortController): AsyncGenerator<T, void, void> {
  return {
    next: () => messages.next(),
    return(value) {
      ending.abort();
      return messages.return(value);
    },
    throw(error) {
      ending.abort();
      return messages.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await this.return();
    },
  };
}
