/**
 * Runs processors as BullMQ workers: parses the payload, bounds the time, binds ids to the log, decides about retries.
 *
 * A processor knows nothing of BullMQ and may be run twice for one job: after a crash, a lost lock or a failed try.
 */
import type { JobDefinition, PayloadOf } from '@lyceum/contracts';
import {
  DURATION_BUCKETS,
  ERRORS,
  isLyceumError,
  type Logger,
  LyceumError,
  type Metrics,
  type Redis,
  type RedisKeys,
  sleep,
} from '@lyceum/service-kit';
import { type Job, UnrecoverableError, Worker } from 'bullmq';
import type { JobData } from './queues.ts';

export interface JobContext {
  /** Aborts with a LyceumError as its reason: TIMED_OUT, or SERVICE_UNAVAILABLE when this process must end. */
  readonly signal: AbortSignal;
  /** Has the job's ids bound. */
  readonly log: Logger;
}

export interface Processor<J extends JobDefinition = JobDefinition> {
  readonly job: J;
  readonly timeoutMs: number;
  /** Returns when there is nothing left to do. A LyceumError below status 500 ends the job; any other throw retries it. */
  process(payload: PayloadOf<J>, context: JobContext): Promise<void>;
}

export interface WorkerHostOptions {
  readonly processors: readonly Processor[];
  /** Of role `worker`. */
  readonly redis: Redis;
  readonly keys: RedisKeys;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly concurrency: number;
  readonly lockMs: number;
  readonly stalledMs: number;
}

export interface WorkerHost {
  /** Takes no more jobs, waits `graceMs` for those that run, then aborts them: another worker tries them again. */
  drain(graceMs: number): Promise<void>;
}

/** A job may lose its worker so many times before the queue gives it up; the database bounds attempts more tightly. */
const MAX_STALLED = 3;

export function startWorkerHost(options: WorkerHostOptions): WorkerHost {
  const { log } = options;
  const ending = new AbortController();
  const seconds = options.metrics.histogram({
    name: 'job_seconds',
    help: 'Time a processor took for one try.',
    labelNames: ['job', 'outcome'],
    buckets: [...DURATION_BUCKETS, 30, 60, 180],
  });

  const run = async (bullJob: Job<JobData>): Promise<void> => {
    const processor = processorFor(options.processors, bullJob);
    const payload = parsePayload(processor, bullJob);
    const jobLog = log.child({ job: bullJob.name, jobId: bullJob.id, tryNumber: bullJob.attemptsMade + 1 });
    const expiry = new AbortController();
    const timer = setTimeout(() => expiry.abort(new LyceumError('TIMED_OUT')), processor.timeoutMs);
    const signal = AbortSignal.any([expiry.signal, ending.signal]);
    const stopClock = seconds.startTimer({ job: bullJob.name });
    try {
      await processor.process(payload, { signal, log: jobLog });
      stopClock({ outcome: 'done' });
    } catch (err) {
      const isFinal = isPermanent(err);
      stopClock({ outcome: isFinal ? 'refused' : 'retried' });
      jobLog[isFinal ? 'error' : 'warn']({ err }, isFinal ? 'job given up' : 'job failed, to be tried again');
      throw isFinal ? new UnrecoverableError(String(err)) : err;
    } finally {
      clearTimeout(timer);
    }
  };

  const queues = new Set(options.processors.map((processor) => processor.job.queue));
  const workers = [...queues].map((queue) => {
    const worker = new Worker<JobData>(queue, run, {
      connection: options.redis,
      prefix: options.keys.queuePrefix(),
      concurrency: options.concurrency,
      lockDuration: options.lockMs,
      stalledInterval: options.stalledMs,
      maxStalledCount: MAX_STALLED,
      // BullMQ's own 15 s is a long time to stand still after Redis came back.
      runRetryDelay: 1_000,
    });
    worker.on('stalled', (jobId) => log.warn({ jobId, queue }, 'job lost its worker, to be tried again'));
    // While Redis is away BullMQ says so with every try; the connection itself logs the outage once.
    worker.on('error', (err) => log.debug({ err, queue }, 'queue error'));
    return worker;
  });

  return {
    async drain(graceMs) {
      const closing = Promise.all(workers.map((worker) => worker.close()));
      const closed = new AbortController();
      void closing.finally(() => closed.abort()).catch(() => {});
      await sleep(graceMs, closed.signal);
      ending.abort(new LyceumError('SERVICE_UNAVAILABLE', 'The worker is shutting down.'));
      await closing;
    },
  };
}

function processorFor(processors: readonly Processor[], { name, queueName, data }: Job<JobData>): Processor {
  const found = processors.find(({ job }) => job.queue === queueName && job.name === name);
  if (found?.job.version === data.version) return found;
  throw new UnrecoverableError(`No processor for ${name} version ${data.version}`);
}

function parsePayload(processor: Processor, { data }: Job<JobData>): unknown {
  const parsed = processor.job.payload.safeParse(data.payload);
  if (parsed.success) return parsed.data;
  throw new UnrecoverableError(`The payload of ${processor.job.name} is not valid: ${parsed.error.message}`);
}

function isPermanent(error: unknown): boolean {
  return isLyceumError(error) && ERRORS[error.code].status < 500 && error.code !== 'RATE_LIMITED';
}
