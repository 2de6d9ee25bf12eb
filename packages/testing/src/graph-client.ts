/**
 * A client of one GraphQL address, as a test needs it: the whole answer, errors included, and events as they come.
 */
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { type DocumentNode, print } from 'graphql';
import { createClient, type SubscribePayload } from 'graphql-ws';
import { WebSocket } from 'ws';

export interface GraphError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: Readonly<Record<string, unknown>> & { readonly code?: string };
}

export interface GraphAnswer<Data> {
  readonly status: number;
  readonly data: Data | null;
  readonly errors: readonly GraphError[];
}

/** Text, or a document of `graphql` or of the generated operations. */
export type Operation<Data, Variables> = string | DocumentNode | TypedDocumentNode<Data, Variables>;

export interface GraphClientOptions {
  /** An access token; left out, the client is anonymous. */
  readonly token?: string;
  /** More headers, such as the claims header for a subgraph. */
  readonly headers?: Readonly<Record<string, string>>;
  /** More connection parameters of the WebSocket. */
  readonly connectionParams?: Readonly<Record<string, unknown>>;
  readonly timeoutMs?: number;
}

export interface GraphClient {
  /** The whole answer; errors do not throw. */
  request<Data = Record<string, unknown>, Variables = Record<string, unknown>>(
    operation: Operation<Data, Variables>,
    variables?: Variables,
  ): Promise<GraphAnswer<Data>>;
  /** The data; throws with every error's code and message when there are any. */
  query<Data = Record<string, unknown>, Variables = Record<string, unknown>>(
    operation: Operation<Data, Variables>,
    variables?: Variables,
  ): Promise<Data>;
  /** Each event's data over a socket of its own. Ends with the operation, throws on errors. `return()` closes the socket. */
  subscribe<Data = Record<string, unknown>, Variables extends object = Record<string, unknown>>(
    operation: Operation<Data, Variables>,
    variables?: Variables,
  ): AsyncGenerator<Data, void>;
  /** The same as whole messages, errors and cursors included, from a cursor on. Null asks for one before the first event. */
  resume<Data = Record<string, unknown>, Variables extends object = Record<string, unknown>>(
    operation: Operation<Data, Variables>,
    variables: Variables,
    cursor: string | null,
  ): AsyncGenerator<Message<Data>, void>;
}

/** One message of a subscription. */
export interface Message<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly GraphError[];
  readonly extensions?: { readonly cursor?: string };
}

export function graphClient(url: string, o: GraphClientOptions = {}): GraphClient {
  const authorization: Record<string, string> = o.token === undefined ? {} : { authorization: `Bearer ${o.token}` };
  const request: GraphClient['request'] = async <Data>(operation: unknown, variables: unknown = {}) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...authorization, ...o.headers },
      body: JSON.stringify({ query: textOf(operation as string | DocumentNode), variables }),
      signal: AbortSignal.timeout(o.timeoutMs ?? 20_000),
    });
    const text = await response.text();
    const body = parseBody<Data>(text, response.status);
    return { status: response.status, data: body.data ?? null, errors: body.errors ?? [] };
  };
  async function* messages<Data>(payload: SubscribePayload): AsyncGenerator<Message<Data>, void> {
    const client = createClient({
      url: url.replace(/^http/, 'ws'),
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams: { ...authorization, ...o.connectionParams },
    });
    try {
      yield* client.iterate<Data>(payload) as AsyncIterable<Message<Data>>;
    } finally {
      await client.dispose();
    }
  }
  return {
    request,
    query: async (operation, variables) => {
      const { data, errors, status } = await request(operation, variables);
      if (errors.length > 0 || data === null) throw new GraphRequestError(errors, status);
      return data;
    },
    async *subscribe<Data, Variables extends object>(
      operation: Operation<Data, Variables>,
      variables?: Variables,
    ): AsyncGenerator<Data, void> {
      for await (const { data, errors } of messages<Data>(payloadOf(operation, variables))) {
        if (errors && errors.length > 0) throw new GraphRequestError(errors, 200);
        if (data) yield data;
      }
    },
    resume: (operation, variables, cursor) => messages({ ...payloadOf(operation, variables), extensions: { cursor } }),
  };
}

export class GraphRequestError extends Error {
  readonly errors: readonly GraphError[];

  constructor(errors: readonly GraphError[], status: number) {
    const shown = errors.map(({ message, extensions }) => `${extensions?.code ?? 'no code'}: ${message}`);
    super(shown.length > 0 ? shown.join('; ') : `HTTP ${status} without data`);
    this.name = 'GraphRequestError';
    this.errors = errors;
  }
}

function payloadOf(operation: string | DocumentNode, variables: object = {}): SubscribePayload {
  return { query: textOf(operation), variables: variables as Record<string, unknown> };
}

function textOf(operation: string | DocumentNode): string {
  return typeof operation === 'string' ? operation : print(operation);
}

function parseBody<Data>(text: string, status: number): { data?: Data | null; errors?: GraphError[] } {
  try {
    return JSON.parse(text) as { data?: Data | null; errors?: GraphError[] };
  } catch {
    throw new Error(`HTTP ${status} is not JSON: ${text.slice(0, 200)}`);
  }
}
