/**
 * Sends a subscription as server-sent events, in the distinct-connections mode of the GraphQL over SSE protocol.
 *
 * An event is fetched only when the connection has taken the one before. Its cursor is its id, with which browsers come
 * back (`Last-Event-ID`). The stream ends without `complete` when the identity behind it ends or the gateway drains, so that
 * they come back by themselves.
 */
import { writeResult } from '../http/write-result.ts';
import type { Result } from '../pipeline.ts';

export interface EventStreams {
  /** The body of a response of type text/event-stream. Cancelling it ends the subscription. */
  open(results: AsyncGenerator<Result>, options: EventStreamOptions): ReadableStream<Uint8Array>;
  /** Breaks every open stream off. */
  closeAll(): void;
}

export interface EventStreamOptions {
  /** Calls its argument when the viewer loses the right to the stream. Returns the way to forget about it. */
  watch(end: () => void): () => void;
  /** Cuts the connection, without which a client would take the end for the subscription's own. */
  hangUp(): void;
}

/** Keeps proxies from taking a quiet stream for a dead one. */
const PING_MS = 12_000;

export function createEventStreams(): EventStreams {
  const open = new Set<() => void>();
  const encoder = new TextEncoder();

  return {
    open(results, { watch, hangUp }) {
      let ping: NodeJS.Timeout | undefined;
      let forget = () => {};
      let breakOff = () => {};

      function release(): void {
        clearInterval(ping);
        forget();
        open.delete(breakOff);
      }
      return new ReadableStream<Uint8Array>(
        {
          start(controller) {
            const send = (text: string) => controller.enqueue(encoder.encode(text));
            breakOff = () => {
              release();
              void results.return(undefined);
              hangUp();
            };
            open.add(breakOff);
            // The first bytes make clients and proxies see the stream as open.
            send(':\n\n');
            ping = setInterval(() => (controller.desiredSize ?? 0) > 0 && send(':\n\n'), PING_MS);
            forget = watch(breakOff);
          },
          async pull(controller) {
            const { done, value } = await results
              .next()
              .catch((error) => ({ done: false, value: { errors: [error] } }));
            if (!open.has(breakOff)) return;
            const failed = value !== undefined && value.errors !== undefined && !('data' in value);
            const events = [
              value === undefined ? '' : eventOf(value),
              done || failed ? 'event: complete\ndata:\n\n' : '',
            ].join('');
            controller.enqueue(encoder.encode(events));
            if (done || failed) {
              release();
              controller.close();
            }
          },
          async cancel() {
            release();
            await results.return(undefined);
          },
        },
        { highWaterMark: 1 },
      );
    },
    closeAll() {
      for (const breakOff of open) breakOff();
    },
  };
}

/** A cursor alone, before the first event, is an id without an event. */
function eventOf(result: Result): string {
  const cursor = result.extensions?.cursor;
  const id = typeof cursor === 'string' ? `id: ${cursor}\n` : '';
  const isEvent = Object.keys(result).some((name) => name !== 'extensions');
  return isEvent ? `${id}event: next\ndata: ${writeResult(result)}\n\n` : `${id}\n`;
}
