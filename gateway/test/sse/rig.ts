/**
 * Event streams for several operations, reserved and used by hand: each answer of the protocol as it is.
 */
import { onTestFinished } from 'vitest';
import { openEventStream } from '../event-streams.ts';
import type { TestGateway } from '../harness.ts';
import { LATEST } from '../transports.ts';

export const TOKEN = 'x-graphql-event-stream-token';

export async function reserve({ url }: Pick<TestGateway, 'url'>, headers: Record<string, string> = {}) {
  const answer = await fetch(url, { method: 'PUT', headers });
  const token = await answer.text();
  const withToken = { [TOKEN]: token, ...headers };
  async function ask(init: RequestInit, search = '') {
    const response = await fetch(`${url}${search}`, { ...init, headers: { ...withToken, ...init.headers } });
    const text = await response.text();
    return { status: response.status, code: text ? JSON.parse(text).errors[0].extensions.code : undefined };
  }
  const post = (body: object | string, more: Record<string, string> = {}) =>
    ask({
      method: 'POST',
      headers: { 'content-type': 'application/json', ...more },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    token,
    ask,
    post,
    run: (operationId: string, query: string, more: object = {}) =>
      post({ query, extensions: { operationId, ...more } }),
    end: (operationId: string) => ask({ method: 'DELETE' }, `?operationId=${operationId}`),
    async open(more: Record<string, string> = {}) {
      const stream = await openEventStream(url, { headers: { ...withToken, ...more } });
      onTestFinished(() => stream.close());
      /** Of one operation: what its events hold, the end as null. */
      const of = (id: string) =>
        stream.events.filter(({ data }) => data?.id === id).map(({ data }) => data?.payload ?? null);
      return { ...stream, of, numbers: (id: string) => numbersOf(of(id)) };
    },
  };
}

/** Reads what one who does not read is sent, too. */
export async function openWitness({ url }: Pick<TestGateway, 'url'>) {
  const { events, close } = await openEventStream(url, { body: { query: LATEST } });
  onTestFinished(close);
  return { last: () => numbersOf(events.map(({ data }) => data ?? null)).at(-1) };
}

function numbersOf(payloads: readonly ({ data?: Record<string, unknown> | null } | null)[]): number[] {
  return payloads.flatMap((payload) => Object.values(payload?.data ?? {}).map((tick) => (tick as { n: number }).n));
}
