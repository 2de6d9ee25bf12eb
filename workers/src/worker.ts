/**
 * Puts a worker together: relays first, because processors wait for them; then the reconcilers; then the host that takes
 * jobs. Draining goes the other way.
 */
import { createServer, type Server } from 'node:http';
import { AiJobUpdated, type EventEnvelope } from '@lyceum/contracts';
import { checkRedis, createHealth, type Lifecycle, publishEnvelope } from '@lyceum/service-kit';
import { openCancellations } from './cancellations.ts';
import { createAiJobMetrics } from './processors/ai-job.metrics.ts';
import { createAiJobProcessor } from './processors/ai-job.processor.ts';
import { AiJobRepository } from './processors/ai-job.repository.ts';
import { createJobQueues } from './queues.ts';
import { startAbandonedClaimsReconciler } from './reconcilers/abandoned-claims.reconciler.ts';
import { startLostJobsReconciler } from './reconcilers/lost-jobs.reconciler.ts';
import { startPartitionsReconciler } from './reconcilers/partitions.reconciler.ts';
import { createOutboxPublisher } from './relays/outbox-publisher.ts';
import { startOutboxRelays } from './relays/outbox-relay.ts';
import type { Resources } from './resources.ts';
import { startWorkerHost } from './worker-host.ts';

/** Returns the server for health and metrics, not yet listening. */
export function startWorker(resources: Resources, life: Lifecycle): Server {
  const { config, log, metrics, keys, clock, publisher, database, models } = resources;
  const queueOptions = { redis: resources.queue, keys, retryMs: config.WORKER_RETRY_MS };
  const queues = life.own('queues', createJobQueues(queueOptions), (q) => q.close());
  const outboxPublisher = createOutboxPublisher({ redis: publisher, keys, queues });
  const relayOptions = { readers: resources.outboxes, publisher: outboxPublisher, redis: publisher, log, metrics };
  const relays = life.own('relays', startOutboxRelays(relayOptions), (r) => r.stop());

  const jobs = new AiJobRepository(database);
  const priceOf = (name: string) =>
    models.current.models.find((entry) => entry.name === name)?.pricePer1kTokens ?? null;
  const cancellationOptions = { subscriber: resources.subscriber, keys, log };
  const processor = createAiJobProcessor({
    jobs,
    router: resources.router,
    cancellations: life.own('cancellations', openCancellations(cancellationOptions), (c) => c.close()),
    flushOutbox: (jobId, signal) =>
      relays.flush({ domain: 'ai', shard: jobs.shardOf(jobId) }, AiJobUpdated.name, jobId, signal),
    publish: (envelope: EventEnvelope) => publishEnvelope(publisher, keys, envelope, 'live'),
    metrics: createAiJobMetrics(metrics, priceOf),
    clock,
    timeoutMs: config.AI_JOB_TIMEOUT_MS,
    maxAttempts: config.AI_JOB_MAX_ATTEMPTS,
  });

  const reconciler = startLostJobsReconciler({
    jobs,
    queues,
    clock,
    log,
    metrics,
    everyMs: config.RECONCILE_EVERY_MS,
    silentForMs: config.RECONCILE_AFTER_MS,
  });
  life.own('reconciler', reconciler, (r) => r.stop());
  const { directories } = resources;
  const claims = startAbandonedClaimsReconciler({ directories, log, metrics, everyMs: config.SWEEP_CLAIMS_EVERY_MS });
  life.own('claims reconciler', claims, (c) => c.stop());

  const partitions = startPartitionsReconciler({
    shards: resources.partitionedShards,
    clock,
    log,
    metrics,
    everyMs: config.PARTITIONS_EVERY_MS,
  });
  life.own('partitions reconciler', partitions, (r) => r.stop());

  const host = startWorkerHost({
    processors: [processor],
    redis: resources.worker,
    keys,
    log,
    metrics,
    concurrency: config.WORKER_CONCURRENCY,
    lockMs: config.WORKER_LOCK_MS,
    stalledMs: config.WORKER_STALLED_MS,
  });
  life.onDrain(() => host.drain(config.WORKER_DRAIN_MS));

  const checks = { database: () => database.checkAny(), redis: () => checkRedis(publisher) };
  const health = createHealth({ checks, life, metrics });
  const server = createServer((request, response) => {
    if (!health(request, response)) response.writeHead(404).end();
  });
  return life.own('http', server, (http) => http.close());
}
