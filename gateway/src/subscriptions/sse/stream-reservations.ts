/**
 * Event streams that clients have reserved at this gateway, each by a token.
 *
 * They live here and nowhere else: requests with a token must reach the gateway that gave it. Bounded per person, together
 * with sockets, and in all.
 */
import type { Live } from '@lyceum/service-kit';
import { type Identity, isSamePerson } from '../../auth/identity.ts';
import type { WatchIdentity } from '../../auth/identity-end.ts';
import type { GatewayPolicy } from '../../config.ts';
import { refusal } from '../../errors.ts';
import type { SubscriptionMetrics } from '../../observability/subscription-metrics.ts';
import type { Arrive } from '../arrivals.ts';
import { ReservedStream } from './reserved-stream.ts';

export interface StreamReservations {
  /** Throws RATE_LIMITED if the person has too many, SERVICE_UNAVAILABLE if the gateway has. */
  reserve(identity: Identity): ReservedStream;
  /** For who holds the ticket. Undefined if there is no such stream, any more or here. */
  find(token: string): ReservedStream | undefined;
  /** For who reserved it: to anybody else it does not exist. */
  findOf(identity: Identity, token: string): ReservedStream | undefined;
  /** Breaks every stream off. */
  closeAll(): void;
}

export function createStreamReservations(options: {
  policy: Live<GatewayPolicy>;
  metrics: SubscriptionMetrics;
  watchIdentity: WatchIdentity;
  arrive: Arrive;
}): StreamReservations {
  const { policy, watchIdentity, arrive } = options;
  const streams = new Map<string, ReservedStream>();

  return {
    reserve(identity) {
      if (streams.size >= policy.current.limits.webSocket.maxSockets) {
        throw refusal('SERVICE_UNAVAILABLE', 'Too many streams are reserved here. Try again.', { wellFormed: false });
      }
      const depart = identity.viewer ? arrive(identity.viewer.id) : () => {};
      if (!depart) {
        throw refusal('RATE_LIMITED', 'Too many sockets and streams of one person. Close one first.');
      }
      const stream = new ReservedStream(identity, options, () => {
        streams.delete(stream.token);
        forgetIdentity();
        depart();
      });
      const forgetIdentity = watchIdentity(identity, () => stream.breakOff('unauthenticated'));
      streams.set(stream.token, stream);
      return stream;
    },
    find: (token) => streams.get(token),
    findOf(identity, token) {
      const stream = streams.get(token);
      return stream && isSamePerson(stream.identity, identity) ? stream : undefined;
    },
    closeAll() {
      for (const stream of streams.values()) stream.breakOff('drain');
    },
  };
}
