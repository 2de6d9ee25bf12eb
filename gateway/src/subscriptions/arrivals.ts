/**
 * Counts the lines that each person holds open here, sockets and reserved event streams together, and bounds them.
 */
import type { Live } from '@lyceum/service-kit';
import type { GatewayPolicy } from '../config.ts';

/** Counts a line; null if the person has too many. Returns the way to take it off the count. */
export type Arrive = (viewerId: string) => (() => void) | null;

export function countArrivals(options: {
  policy: Live<GatewayPolicy>;
  /** Tells that a person has a line here; returns the way to tell that it is gone. */
  arrived(viewerId: string): () => void;
}): Arrive {
  const { policy } = options;
  const linesOf = new Map<string, number>();

  return (viewerId) => {
    const count = linesOf.get(viewerId) ?? 0;
    if (count >= policy.current.limits.webSocket.maxSocketsPerUser) return null;
    linesOf.set(viewerId, count + 1);
    const left = options.arrived(viewerId);
    return () => {
      const others = (linesOf.get(viewerId) ?? 1) - 1;
      if (others > 0) linesOf.set(viewerId, others);
      else linesOf.delete(viewerId);
      left();
    };
  };
}
