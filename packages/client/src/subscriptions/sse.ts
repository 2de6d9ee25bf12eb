/**
 * Subscriptions as server-sent events over fetch: a request for each, in the distinct-connections mode of GraphQL over SSE.
 *
 * Made here because graphql-sse passes over the ids of events, which are the cursors. A subscriber that reads slowly holds
 * the stream back; nothing is queued.
 */
import type { Endpoints } from '../endpoints.ts';
import { LyceumClientError } from '../errors.ts';
import { readAnswer } from '../http.ts';
import type { RequestParams } from '../operations.ts';
import { bearer } from '../tokens.ts';
import { orAborted } from '../waiting.ts';
import { readEventStream } from './event-stream.ts';
import { Interruption, lineBroke, type Message, refused, type Transport } from './transport.ts';

export interface SseParts {
  readonly endpoints: Endpoints;
  readonly fetch: typeof fetch;
}

const ANSWER_MS = 15_000;
/** The gateway says something every 12 seconds. */
const BOUNDS = { maxEventLength: 8 * 1024 * 1024, maxSilenceMs: 40_000 };

export function createSseTransport({ endpoints, fetch }: SseParts): Transport {
  async function ask(url: string, params: RequestParams, token: string | null, signal: AbortSignal): Promise<Response> {
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(new Error(`No answer within ${ANSWER_MS} ms.`)), ANSWER_MS);
    try {
      return await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'text/event-stream, application/graphql-response+json;q=0.9, application/json;q=0.8',
          ...bearer(token),
        },
        body: JSON.stringify(params),
        signal: AbortSignal.any([signal, waiting.signal]),
      });
    } finally {
      clearTimeout(timer);
    }
  }

  async function* read(url: string, params: RequestParams, token: string | null, signal: AbortSignal) {
    const response = await ask(url, params, token, signal);
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
    if (!isStream || !response.body) throw await refusal(response);
    for await (const { event, data, id } of readEventStream(response.body, BOUNDS)) {
      if (event === 'complete') return;
      const message: Message = data === '' ? {} : JSON.parse(data);
      yield id === undefined ? message : { ...message, extensions: { ...message.extensions, cursor: id } };
    }
    throw new Error('The stream ended before the subscription did.');
  }

  return {
    async *open(params, token, signal) {
      const url = endpoints.current();
      try {
        yield* read(url, params, token, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Interruption) throw error;
        endpoints.failed(url);
        throw lineBroke(error);
      }
    },
    async close() {},
  };
}

/** The server has answered otherwise than with a stream. */
async function refusal(response: Response): Promise<Error> {
  const { status } = response;
  const text = await orAborted(response.text(), AbortSignal.timeout(ANSWER_MS));
  const { errors } = readAnswer(text, status);
  if (errors) return refused(errors, status);
  return new Interruption('end', new LyceumClientError('BAD_RESPONSE', 'The server sent no stream.', { status }));
}
