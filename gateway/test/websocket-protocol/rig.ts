/**
 * Raw sockets that are closed with their test, and what has come of one operation on them.
 */
import { onTestFinished } from 'vitest';
import type { TestGateway } from '../harness.ts';
import { acknowledgedSocket, type RawSocket } from '../sockets.ts';

export const subscribe = (id: string, query: string, more: object = {}) => ({
  id,
  type: 'subscribe',
  payload: { query, ...more },
});

/** Closed when the test has ended. */
export async function opened(socket: Promise<RawSocket>): Promise<RawSocket> {
  const raw = await socket;
  onTestFinished(() => raw.close());
  return raw;
}

export function acknowledged(gateway: TestGateway, payload?: object): Promise<RawSocket> {
  return opened(acknowledgedSocket(gateway.url, payload));
}

/** All that has come of one operation. */
export const of = ({ messages }: RawSocket, id: string) => messages.filter((message) => message.id === id);
export const numbers = (socket: RawSocket, id: string) =>
  of(socket, id).flatMap(({ payload }) =>
    Object.values((payload as { data?: object } | undefined)?.data ?? {}).flatMap((tick) => tick.n ?? []),
  );
