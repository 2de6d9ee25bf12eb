/**
 * Speaks GraphQL over HTTP to subgraphs, on a bounded pool of kept-alive connections per address.
 *
 * Every request carries freshly signed claims: subgraphs answer nobody else. Time and size of an answer are bounded. What
 * is no GraphQL answer — refused connection, time-out, broken body — is thrown as SUBGRAPH_UNAVAILABLE with its cause;
 * nothing is tried twice, since a mutation may have happened.
 */
import { CLAIMS_HEADER } from '@lyceum/contracts';
import { type Live, LyceumError, signClaims } from '@lyceum/service-kit';
import type { ExecutionResult, GraphQLFormattedError } from 'graphql';
import { type Dispatcher, Pool } from 'undici';
import type { SubgraphsPolicy } from '../config.ts';
import type { OperationScope } from '../operation-scope.ts';

export interface SubgraphRequest {
  readonly query: string;
  readonly operationName?: string;
  readonly variables?: Record<string, unknown>;
  /** The whole request as JSON text, where it is written already. */
  readonly body?: string;
}
export interface SubgraphResponse {
  readonly data?: ExecutionResult['data'];
  readonly errors?: readonly GraphQLFormattedError[];
}

/** Asks a subgraph. May throw; a LyceumError keeps its code. The answer is the engine's to change. */
export type FetchFromSubgraph = (
  subgraph: string,
  url: string,
  request: SubgraphRequest,
  scope: OperationScope,
) => Promise<SubgraphResponse>;

export interface SubgraphClient {
  /** Throws SUBGRAPH_UNAVAILABLE. */
  send(url: string, request: SubgraphRequest, scope: OperationScope): Promise<SubgraphResponse>;
  close(): Promise<void>;
}

export function createSubgraphClient(options: {
  policy: Live<{ readonly subgraphs: SubgraphsPolicy }>;
  claimsSecret: string;
}): SubgraphClient {
  const { policy, claimsSecret } = options;
  const pools = new Map<string, Pool>();

  function poolOf(origin: string): Pool {
    let pool = pools.get(origin);
    if (!pool) {
      const { connections, connectMs } = policy.current.subgraphs;
      pool = new Pool(origin, { connections, pipelining: 1, connect: { timeout: connectMs }, allowH2: false });
      pools.set(origin, pool);
    }
    return pool;
  }

  return {
    async send(url, request, scope) {
      const { origin, pathname, search } = new URL(url);
      const { headersMs, bodyMs, totalMs, maxResponseBytes } = policy.current.subgraphs;
      const abort = new AbortController();
      const giveUp = () => abort.abort(new Error('nobody waits for the answer any more'));
      const timer = setTimeout(() => abort.abort(new Error(`no answer within ${totalMs} ms`)), totalMs);
      scope.signal.addEventListener('abort', giveUp, { once: true });
      if (scope.signal.aborted) giveUp();
      try {
        const claims = await signClaims(scope, claimsSecret, 'subgraph');
        const response = await poolOf(origin).request({
          method: 'POST',
          path: pathname + search,
          headers: {
            'content-type': 'application/json',
            accept: 'application/graphql-response+json, application/json',
            'x-request-id': scope.requestId,
            [CLAIMS_HEADER]: claims,
          },
          body: request.body ?? JSON.stringify(request),
          headersTimeout: headersMs,
          bodyTimeout: bodyMs,
          signal: abort.signal,
        });
        return readResponse(response.statusCode, await readBody(response.body, maxResponseBytes));
      } catch (cause) {
        throw new LyceumError('SUBGRAPH_UNAVAILABLE', undefined, undefined, { cause: abort.signal.reason ?? cause });
      } finally {
        clearTimeout(timer);
        scope.signal.removeEventListener('abort', giveUp);
      }
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.close()));
    },
  };
}

async function readBody(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Leaving the loop destroys the stream and its connection.
    if (size > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readResponse(status: number, body: string): SubgraphResponse {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw new Error(`the answer is no JSON (status ${status})`);
  }
  if (typeof parsed !== 'object' || parsed === null || !('data' in parsed || 'errors' in parsed)) {
    throw new Error(`the answer is no GraphQL result (status ${status})`);
  }
  return parsed as SubgraphResponse;
}
