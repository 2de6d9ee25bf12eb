/**
 * A learner who looks: every answer must be there, and none may be older than the one before.
 */
import { sleep } from '@lyceum/service-kit';
import type { GatewayClient } from '../gateway-client.ts';
import type { Course } from './course.ts';

export interface Reader {
  readonly token: string;
  readonly read: ReaderTally;
}

export interface ReaderOptions {
  readonly course: Course;
  readonly clients: readonly GatewayClient[];
  /** On average, between two looks. */
  readonly everyMs: number;
}

export interface ReaderTally {
  answers: number;
  /** No answer, or none without errors. */
  failed: number;
  /** Answers older than one before them. */
  stale: number;
  readonly samples: string[];
}

const LOOK = 'query Look($id: ID!) { course(id: $id) { title viewerProgress { revision } } }';

export async function keepReading(
  { token, read }: Reader,
  { course: { id }, clients, everyMs }: ReaderOptions,
  stopped: AbortSignal,
): Promise<void> {
  let latest = 0;
  for (; !stopped.aborted; await sleep(Math.random() * 2 * everyMs, stopped)) {
    const client = clients[Math.floor(Math.random() * clients.length)]!;
    const answer = await client
      .ask(LOOK, { token, variables: { id } })
      .catch((error: Error) => ({ data: null, errors: error.message }));
    const course = (answer.data as { course: { viewerProgress: { revision: number } | null } | null } | null)?.course;
    const revision = course?.viewerProgress?.revision;
    read.answers += 1;
    if (answer.errors !== undefined || revision === undefined) {
      read.failed += 1;
      if (read.samples.length < 5) read.samples.push(JSON.stringify(answer).slice(0, 300));
    } else if (revision < latest) {
      read.stale += 1;
    } else {
      latest = revision;
    }
  }
}
