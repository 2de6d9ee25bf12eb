/**
 * Signals from person to person at a topic: whoever listens hears them, and nobody later.
 */
import type { Viewer } from '@lyceum/contracts';
import { type Clock, type Logger, parseInput, type Redis, type RedisKeys } from '@lyceum/service-kit';
import type { Subscriber } from '@lyceum/subgraph-kit';
import type { Channels } from '../ephemeral/channels.ts';
import { createMailbox } from '../ephemeral/mailbox.ts';
import { FollowSignals, SendSignal, Signal } from './signal.ts';
import type { SignalLimiter } from './signal-limit.ts';

export interface SignalsDependencies {
  /** Of role `cache`. */
  readonly redis: Redis;
  readonly channels: Channels;
  readonly keys: RedisKeys;
  readonly limits: SignalLimiter;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Signals that may wait for one subscriber; of one person and kind only the newest does. */
const WAITING_MAX = 100;

export function createSignalsService({ redis, channels, keys, limits, clock, log }: SignalsDependencies) {
  function read(message: string): Signal | null {
    try {
      return Signal.parse(JSON.parse(message));
    } catch (err) {
      log.warn({ err }, 'signal cannot be read, it is left out');
      return null;
    }
  }

  return {
    /** False if it got nowhere, because Redis is away. Throws BAD_USER_INPUT naming `topic`, and RATE_LIMITED. */
    async send(viewer: Viewer, input: unknown): Promise<boolean> {
      const { topic, kind } = parseInput(SendSignal, input);
      await limits.count(viewer.id, topic);
      const signal: Signal = { topic, kind, userId: viewer.id, occurredAt: clock.now().toISOString() };
      return redis.publish(keys.signals(topic), JSON.stringify(signal)).then(
        () => true,
        () => false,
      );
    },

    /** From now on. Throws BAD_USER_INPUT naming `topic`. */
    follow(input: unknown, { signal: leaving }: Subscriber): AsyncIterable<Signal> {
      const channel = keys.signals(parseInput(FollowSignals, input).topic);
      return createMailbox<Signal>({
        size: WAITING_MAX,
        signal: leaving,
        fill: (put) => {
          const onMessage = (message: string) => {
            const signal = read(message);
            if (signal) put(`${signal.userId}:${signal.kind}`, signal);
          };
          channels.listen(channel, onMessage).catch(() => {});
          return () => channels.unlisten(channel, onMessage);
        },
      });
    },
  };
}

export type SignalsService = ReturnType<typeof createSignalsService>;
