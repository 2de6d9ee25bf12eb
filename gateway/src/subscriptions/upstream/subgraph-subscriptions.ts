/**
 * Subscribes at subgraphs: one WebSocket per address of a subgraph carries every subscription, each with claims of its own.
 */
import { type Live, type Logger, signClaims } from '@lyceum/service-kit';
import type { LimitsPolicy, SubgraphsPolicy } from '../../config.ts';
import { addressesOf } from '../../federation/subgraph-client/target.ts';
import type { SubgraphRequest } from '../../federation/subgraph-client.ts';
import type { OperationScope } from '../../operation-scope.ts';
import { UpstreamSocket } from './upstream-socket.ts';
import { type UpstreamSink, UpstreamSubscription } from './upstream-subscription.ts';

export interface SubgraphSubscriptions {
  /**
   * From a cursor on; null from now. The sink is told what the subgraph refuses as an event without data. Returns the way to
   * end it.
   */
  subscribe(
    url: string,
    request: SubgraphRequest,
    scope: Omit<OperationScope, 'signal'>,
    from: string | null,
    sink: UpstreamSink,
  ): () => void;
  close(): Promise<void>;
}

export function createSubgraphSubscriptions(options: {
  policy: Live<{
    readonly limits: Pick<LimitsPolicy, 'maxPendingEvents'>;
    readonly subgraphs: Pick<SubgraphsPolicy, 'connectMs' | 'maxResponseBytes'>;
  }>;
  claimsSecret: string;
  log: Logger;
}): SubgraphSubscriptions {
  const { policy, claimsSecret, log } = options;
  const sockets = new Map<string, UpstreamSocket>();
  const open = new Set<UpstreamSubscription>();

  function socketTo(url: string): UpstreamSocket {
    const known = sockets.get(url);
    if (known) return known;
    const { connectMs, maxResponseBytes: maxMessageBytes } = policy.current.subgraphs;
    const socket = new UpstreamSocket({
      ...{ url, connectMs, maxMessageBytes },
      onGone(reason, operations) {
        sockets.delete(url);
        if (operations > 0) log.warn({ url, operations, reason }, 'subscriptions lost their socket');
      },
    });
    sockets.set(url, socket);
    return socket;
  }

  return {
    subscribe(url, request, scope, from, sink) {
      const subscription = new UpstreamSubscription(
        {
          open(cursor, operation) {
            const claims = signClaims(scope, claimsSecret, 'subgraph');
            const payload = { ...request, extensions: { claims, cursor } };
            try {
              return socketTo(anyOf(addressesOf(url))).subscribe(payload, operation);
            } catch (err) {
              log.error({ err, url }, 'the address of a subgraph is none');
              queueMicrotask(() => operation.broken());
              return () => {};
            }
          },
          get maxPending() {
            return policy.current.limits.maxPendingEvents;
          },
        },
        from,
        {
          event: (event) => sink.event(event),
          ended(error) {
            open.delete(subscription);
            sink.ended(error);
          },
        },
      );
      open.add(subscription);
      return () => {
        open.delete(subscription);
        subscription.close();
      };
    },
    async close() {
      for (const subscription of open) subscription.close();
      for (const socket of sockets.values()) socket.close();
    },
  };
}

/** A subscription that lost its socket may find another instance. */
function anyOf(addresses: readonly string[]): string {
  return addresses[Math.floor(Math.random() * addresses.length)] ?? '';
}
