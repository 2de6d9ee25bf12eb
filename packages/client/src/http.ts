/**
 * Queries and mutations by POST: one JSON answer each.
 *
 * A request that was refused for its token alone has done nothing, and is sent once more with a new token. A query that got
 * no answer is sent to the next address, each at most once; a mutation never is, since it may have happened.
 */
import type { Endpoints } from './endpoints.ts';
import { errorOf, type GraphError, isLyceumClientError, LyceumClientError } from './errors.ts';
import { createInFlight } from './in-flight.ts';
import type { RequestParams } from './operations.ts';
import { bearer, type Tokens } from './tokens.ts';
import { orAborted } from './waiting.ts';

export interface HttpParts {
  readonly endpoints: Endpoints;
  readonly tokens: Tokens;
  readonly fetch: typeof fetch;
  /** Of one try. */
  readonly timeoutMs: number;
}

export interface Http {
  /** The data of an answer without errors; queries that are equal and under way share one. */
  query(params: RequestParams, signal: AbortSignal): Promise<unknown>;
  mutate(params: RequestParams, signal: AbortSignal): Promise<unknown>;
}

interface Answer {
  readonly status: number;
  readonly data?: unknown;
  readonly errors?: readonly GraphError[];
}

export function createHttp({ endpoints, tokens, fetch, timeoutMs }: HttpParts): Http {
  const share = createInFlight();

  async function post(
    params: RequestParams,
    token: string | null,
    tries: number,
    signal: AbortSignal,
  ): Promise<Answer> {
    const url = endpoints.current();
    try {
      return await postTo(url, params, token, signal);
    } catch (error) {
      if (signal.aborted || !isLyceumClientError(error)) throw error;
      endpoints.failed(url);
      if (tries <= 1) throw error;
      return post(params, token, tries - 1, signal);
    }
  }

  async function postTo(
    url: string,
    params: RequestParams,
    token: string | null,
    signal: AbortSignal,
  ): Promise<Answer> {
    const timeout = AbortSignal.timeout(timeoutMs);
    let status: number | undefined;
    let text: string;
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/graphql-response+json, application/json;q=0.9',
          ...bearer(token),
        },
        body: JSON.stringify(params),
        signal: AbortSignal.any([signal, timeout]),
      });
      status = response.status;
      text = await response.text();
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      if (timeout.aborted) throw new LyceumClientError('TIMED_OUT', `No answer within ${timeoutMs} ms.`, { cause });
      throw new LyceumClientError('NETWORK_FAILED', 'The server cannot be reached.', { cause, status });
    }
    return { ...readAnswer(text, status), status };
  }

  async function ask(
    params: RequestParams,
    token: string | null,
    tries: number,
    signal: AbortSignal,
  ): Promise<unknown> {
    let answer = await post(params, token, tries, signal);
    if (isTokenRefused(answer)) answer = await post(params, await tokens.replace(token), tries, signal);
    const { data, errors = [], status } = answer;
    if (errors.length > 0) throw errorOf(errors, { data, status });
    return data;
  }

  return {
    async query(params, signal) {
      const token = await orAborted(tokens.current(), signal);
      const key = JSON.stringify([params, token]);
      return share(key, (stop) => ask(params, token, endpoints.count, stop), signal);
    },
    async mutate(params, signal) {
      const token = await orAborted(tokens.current(), signal);
      return orAborted(ask(params, token, 1, signal), signal);
    },
  };
}

/** Refused as a whole, before anything was run: errors of a run have a path. */
function isTokenRefused({ data, errors = [] }: Pick<Answer, 'data' | 'errors'>): boolean {
  const isRefusal = data === undefined || data === null;
  return isRefusal && errors.some(({ path, extensions }) => !path && extensions?.code === 'UNAUTHENTICATED');
}

/** Throws BAD_RESPONSE: what stands between may answer with pages of its own. */
export function readAnswer(text: string, status: number): Omit<Answer, 'status'> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  const { data, errors } = (typeof body === 'object' && body !== null ? body : {}) as Partial<Answer>;
  const isAnswer =
    errors === undefined ? typeof data === 'object' && data !== null : Array.isArray(errors) && errors.length > 0;
  if (!isAnswer) throw new LyceumClientError('BAD_RESPONSE', `Status ${status} without a GraphQL answer.`, { status });
  return { data, errors };
}
