/**
 * What the gateway measures of subscriptions. Labels are bounded: reasons are codes of the catalogue or words of our own.
 */
import type { Metrics } from '@lyceum/service-kit';

export type SubscriptionMetrics = ReturnType<typeof createSubscriptionMetrics>;

export function createSubscriptionMetrics(metrics: Metrics) {
  const live = metrics.gauge({
    name: 'lyceum_gateway_live_subscriptions',
    help: 'Subscriptions that clients hold open.',
  });
  const ended = metrics.counter({
    name: 'lyceum_gateway_subscriptions_ended_total',
    help: 'Subscriptions that have ended, by reason: completed, the client, a code of an error, a reason of the gateway.',
    labelNames: ['reason'],
  });
  const events = metrics.counter({
    name: 'lyceum_gateway_subscription_source_events_total',
    help: 'Events that subgraphs have sent: with a cursor to resume from, or without, which may be lost with a socket.',
    labelNames: ['delivery'],
  });
  const replayed = metrics.counter({
    name: 'lyceum_gateway_subscription_replayed_total',
    help: 'Events that were fetched again for those who came back.',
  });
  const enrichments = metrics.counter({
    name: 'lyceum_gateway_subscription_enrichments_total',
    help: 'Events that were completed and written, once for all who listen.',
  });
  const lag = metrics.histogram({
    name: 'lyceum_gateway_subscription_lag_seconds',
    help: 'Time from the commit of an event to its sockets, by the clocks of two machines.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  });
  return {
    live,
    ended(reason: string): void {
      live.dec();
      ended.inc({ reason });
    },
    groups: metrics.gauge({
      name: 'lyceum_gateway_subscription_groups',
      help: 'Groups of equal subscriptions: each event of a group is completed and written once.',
    }),
    upstream: metrics.gauge({
      name: 'lyceum_gateway_upstream_subscriptions',
      help: 'Subscriptions that the gateway holds at subgraphs.',
    }),
    /** `committedAt` in milliseconds since 1970, if it is known. */
    completed(event: { isResumable: boolean; isReplayed: boolean; committedAt: number | undefined }): void {
      events.inc({ delivery: event.isResumable ? 'resumable' : 'at most once' });
      enrichments.inc();
      if (event.isReplayed) replayed.inc();
      else if (event.committedAt !== undefined) lag.observe(Math.max(0, Date.now() - event.committedAt) / 1_000);
    },
    gaps: metrics.counter({
      name: 'lyceum_gateway_subscription_gaps_total',
      help: 'Subscriptions that were told that events are no longer kept.',
    }),
    frames: metrics.counter({
      name: 'lyceum_gateway_subscription_events_total',
      help: 'Events handed to clients.',
    }),
    coalesced: metrics.counter({
      name: 'lyceum_gateway_subscription_coalesced_total',
      help: 'Events that were replaced by a newer one before their client had read so far.',
    }),
    slowCloses: metrics.counter({
      name: 'lyceum_gateway_subscription_slow_closes_total',
      help: 'Connections that were closed because their clients read too slowly.',
    }),
    sockets: metrics.gauge({
      name: 'lyceum_gateway_sockets',
      help: 'WebSockets that clients hold open.',
    }),
  };
}
