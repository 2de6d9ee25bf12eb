/**
 * Sends a subscription, or an answer in parts, as server-sent events: the distinct-connections mode of the GraphQL over SSE
 * protocol.
 *
 * An event's cursor is its id, with which browsers come back (`Last-Event-ID`). The stream ends without `complete` when the
 * identity behind it ends, the gateway drains, or the client reads too slowly for a subscription that must deliver each event,
 * so that clients come back by themselves.
 */
import type { Live } from '@lyceum/service-kit';
import type { GatewayPolicy } from '../../config.ts';
import { writeResult } from '../../http/write-result.ts';
import type { SubscriptionMetrics } from '../../observability/subscription-metrics.ts';
import type { Result } from '../../pipeline.ts';
import { LiveMessage } from '../live-message.ts';
import type { LeaveReason, LiveOperation, Subscription } from '../live-operation.ts';
import { COMMENT, PING_MS } from './event-stream.ts';

export interface EventStreams {
  /** The body of a response of type text/event-stream. Cancelling it ends the subscription. */
  follow(live: LiveOperation, options: EventStreamOptions): ReadableStream<Uint8Array>;
  /** The same for results that are pulled: one is fetched when the connection has taken the one before. */
  open(results: AsyncGenerator<Result>, options: EventStreamOptions): ReadableStream<Uint8Array>;
  /** Breaks every open stream off. */
  closeAll(): void;
}

export interface EventStreamOptions {
  /** Calls its argument when the viewer loses the right to the stream. Returns the way to forget about it. */
  watch(end: () => void): () => void;
  /** Calls its argument when the connection is gone, at once if it is already: its client may have left before. */
  whenGone(end: () => void): void;
  /** Cuts the connection, without which a client would take the end for the subscription's own. */
  hangUp(): void;
}

const COMPLETE = Buffer.from('event: complete\ndata:\n\n');

/** A stream that is open, as both kinds need it. */
interface OpenStream {
  send(bytes: Uint8Array): void;
  /** Ends it as the subscription's own end. */
  complete(): void;
  /** Cuts the connection: the client comes back. */
  breakOff(reason: LeaveReason): void;
  readonly isOpen: boolean;
  readonly room: number;
}

/** What a stream carries. */
interface Content {
  start(stream: OpenStream): void;
  /** There is room. */
  pull(stream: OpenStream): Promise<void> | void;
  /** The stream is over. */
  stop(reason: LeaveReason): void;
}

export function createEventStreams(options: {
  policy: Live<GatewayPolicy>;
  metrics: SubscriptionMetrics;
}): EventStreams {
  const { policy, metrics } = options;
  const streams = new Set<OpenStream>();

  function openStream(content: Content, { watch, whenGone, hangUp }: EventStreamOptions, room: number) {
    let release = (_reason: LeaveReason) => {};
    let stream: OpenStream;
    return new ReadableStream<Uint8Array>(
      {
        start(controller) {
          let isOpen = true;
          release = (reason) => {
            if (!isOpen) return;
            isOpen = false;
            clearInterval(ping);
            forget();
            streams.delete(stream);
            content.stop(reason);
          };
          stream = {
            send: (bytes) => controller.enqueue(bytes),
            complete() {
              if (!isOpen) return;
              release('client');
              controller.enqueue(COMPLETE);
              controller.close();
            },
            breakOff(reason) {
              release(reason);
              hangUp();
            },
            get isOpen() {
              return isOpen;
            },
            get room() {
              return controller.desiredSize ?? 0;
            },
          };
          const ping = setInterval(() => stream.room > 0 && stream.send(COMMENT), PING_MS);
          const forget = watch(() => stream.breakOff('unauthenticated'));
          streams.add(stream);
          // The first bytes make clients and proxies see the stream as open.
          stream.send(COMMENT);
          whenGone(() => release('client'));
          if (isOpen) content.start(stream);
        },
        pull: () => content.pull(stream),
        cancel: () => release('client'),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: room }),
    );
  }

  return {
    follow(live, streamOptions) {
      return openStream(followed(live, metrics), streamOptions, policy.current.limits.webSocket.maxBufferedBytes);
    },
    open: (results, streamOptions) => openStream(pulled(results), streamOptions, 1),
    closeAll() {
      for (const stream of streams) stream.breakOff('drain');
    },
  };
}

/** Events as they come. Without room, the newest waits if the subscription's delivery is LATEST; else the stream breaks off. */
function followed(live: LiveOperation, metrics: SubscriptionMetrics): Content {
  let subscription: Subscription | undefined;
  let waiting: LiveMessage | undefined;
  function sendWaiting(stream: OpenStream): void {
    if (waiting && stream.isOpen) stream.send(waiting.serverSent);
    waiting = undefined;
  }
  return {
    start(stream) {
      subscription = live.open({
        next(message) {
          if (!stream.isOpen) return;
          if (message.isOpening) sendWaiting(stream);
          // Nothing overtakes what waits.
          if (message.isOpening || (stream.room > 0 && !waiting)) {
            stream.send(message.serverSent);
            metrics.frames.inc();
          } else if (live.policy === 'LATEST') {
            if (waiting) metrics.coalesced.inc();
            waiting = message;
          } else {
            metrics.slowCloses.inc();
            stream.breakOff('slow');
          }
        },
        end(errors) {
          if (!stream.isOpen) return;
          sendWaiting(stream);
          if (errors) stream.send(new LiveMessage(writeResult({ errors }), undefined).serverSent);
          stream.complete();
        },
      });
      if (!stream.isOpen) subscription.leave('client');
    },
    pull: sendWaiting,
    stop: (reason) => subscription?.leave(reason),
  };
}

function pulled(results: AsyncGenerator<Result>): Content {
  return {
    start() {},
    async pull(stream) {
      const { done, value } = await results.next().catch((error) => ({ done: false, value: { errors: [error] } }));
      if (!stream.isOpen) return;
      if (value !== undefined) stream.send(new LiveMessage(writeResult(value), undefined).serverSent);
      if (done || (value?.errors !== undefined && !('data' in value))) stream.complete();
    },
    stop: () => void results.return(undefined),
  };
}
