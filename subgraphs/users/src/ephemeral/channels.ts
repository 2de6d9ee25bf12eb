/**
 * Channels of Redis for what is heard now or never: one SUBSCRIBE for each channel, however many listen.
 */
import type { Redis } from '@lyceum/service-kit';

type Listener = (message: string) => void;

export interface Channels {
  /** Resolves once messages arrive. While Redis is away it waits; listening goes on by itself when Redis is back. */
  listen(channel: string, listener: Listener): Promise<void>;
  /** Idempotent. */
  unlisten(channel: string, listener: Listener): void;
  close(): void;
}

/** `subscriber` is of role `subscriber`, and may be used for other channels too. */
export function openChannels(subscriber: Redis): Channels {
  const listeners = new Map<string, Set<Listener>>();
  const onMessage = (channel: string, message: string) => {
    for (const listener of listeners.get(channel) ?? []) listener(message);
  };
  subscriber.on('message', onMessage);
  return {
    async listen(channel, listener) {
      const known = listeners.get(channel);
      if (known) known.add(listener);
      else listeners.set(channel, new Set([listener]));
      // Again for those who come later, so that each of them knows when it hears.
      await subscriber.subscribe(channel);
    },
    unlisten(channel, listener) {
      const known = listeners.get(channel);
      if (!known?.delete(listener) || known.size > 0) return;
      listeners.delete(channel);
      subscriber.unsubscribe(channel).catch(() => {});
    },
    close() {
      subscriber.off('message', onMessage);
      listeners.clear();
    },
  };
}
