/**
 * Reads a live operation as results, one after the other, for plugins, which know nothing else.
 */
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Result } from '../pipeline.ts';
import { createEventQueue } from './event-queue.ts';
import type { LiveMessage } from './live-message.ts';
import type { LiveOperation } from './live-operation.ts';

/** That may wait for a slow reader. */
const MAX_PENDING = 1_000;

export async function* readLive(live: LiveOperation, signal: AbortSignal): AsyncGenerator<Result> {
  const queue = createEventQueue<LiveMessage>(MAX_PENDING);
  // A generator that waits for its next event cannot be returned.
  signal.addEventListener('abort', () => queue.end(), { once: true });
  const subscription = live.open({
    next: (message) => void queue.push(message),
    end: (errors) => queue.end(errors?.[0]),
  });
  try {
    for await (const { payload } of queue) yield resultOf(JSON.parse(String(payload)));
  } finally {
    subscription.leave('client');
  }
}

function resultOf({ errors, ...result }: Result & { errors?: readonly GraphQLFormattedError[] }): Result {
  return errors
    ? {
        ...result,
        errors: errors.map(({ message, path, extensions }) => new GraphQLError(message, { path, extensions })),
      }
    : result;
}
