/**
 * Accepts a job once on every shard before the first learner asks, and takes it back: the first real call then finds
 * connections open, statements prepared, the gateway's plan made and the code compiled.
 *
 * Nothing of it stays: every transaction is rolled back. It reads a published lesson as nobody, and does without where
 * the catalogue is empty or the gateway does not come.
 */
import { randomUUID } from 'node:crypto';
import { type Logger, sleep } from '@lyceum/service-kit';
import { budgetRepository } from './budget/budget.repository.ts';
import { createJobsRepository } from './jobs/jobs.repository.ts';
import { createRequestsService } from './jobs/requests.service.ts';
import { createLessonSource } from './lessons/lesson.source.ts';
import type { Resources, Session } from './resources.ts';

const ROUNDS = 5;
const RETRY_MS = 500;
/** The gateway waits for its subgraphs before it listens, so it comes after this service. */
const PATIENCE_MS = 60_000;

export interface Rehearsal {
  /** Resolves when it is over, however it went. */
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

export function rehearse(resources: Resources): Rehearsal {
  const stopping = new AbortController();
  const done = run(resources, AbortSignal.any([stopping.signal, AbortSignal.timeout(PATIENCE_MS)])).catch((err) => {
    resources.log.warn({ err }, 'rehearsal failed: the first jobs will be accepted more slowly');
  });
  return {
    done,
    stop: () => {
      stopping.abort();
      return done;
    },
  };
}

async function run(resources: Resources, signal: AbortSignal): Promise<void> {
  const { claimsSecret, clock, database, gatewayUrl, log, models } = resources;
  // Until the gateway is there every try fails, and that is nothing to report.
  const quiet = log.child({}, { level: 'silent' });
  const lessonsOf = (source: Logger) =>
    createLessonSource({ gatewayUrl, claimsSecret, viewer: null, requestId: 'rehearsal', signal, log: source });
  const lessonId = await patiently(signal, () => lessonsOf(quiet).anyLessonId());
  if (lessonId === null) return;

  for (let round = 0; round < ROUNDS && !signal.aborted; round += 1) {
    for (const learnerId of resources.idOnEveryShard()) {
      const session = withoutTrace(database.session(learnerId));
      const requests = createRequestsService({
        session,
        jobs: createJobsRepository(session),
        budgets: budgetRepository,
        lessons: lessonsOf(log),
        tokensPerDay: () => models.current.budget.tokensPerLearnerPerDay,
        clock,
      });
      await requests.generateQuiz({ id: learnerId, sessionId: randomUUID(), roles: ['LEARNER'] }, { lessonId });
    }
  }
  log.info({ rounds: ROUNDS }, 'rehearsed: jobs are accepted at full speed');
}

async function patiently<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T | null> {
  while (!signal.aborted) {
    try {
      return await ask();
    } catch {
      await sleep(RETRY_MS, signal);
    }
  }
  return null;
}

class TakenBack extends Error {
  readonly result: unknown;

  constructor(result: unknown) {
    super('taken back');
    this.result = result;
  }
}

/** A session whose transactions do all of their work and are then rolled back. */
function withoutTrace(session: Session): Session {
  return {
    read: (...args) => session.read(...args),
    byShard: (...args) => session.byShard(...args),
    everyShard: (...args) => session.everyShard(...args),
    everywhere: (...args) => session.everywhere(...args),
    observe: (positions) => session.observe(positions),
    async transaction(shardKey, work) {
      try {
        return await session.transaction(shardKey, async (tx) => {
          throw new TakenBack(await work(tx));
        });
      } catch (error) {
        if (error instanceof TakenBack) return error.result as never;
        throw error;
      }
    },
  };
}
