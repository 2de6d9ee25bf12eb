/**
 * A learner who looks: every answer must be there, and none may be older than the one before.
 */
import { sleep } from '@lyceum/service-kit';
import type { GatewayClient } from '../gateway-client.ts';

export interface ReaderOptions {
  readonly token: string;
  readonly courseId: string;
  readonly clients: readonly GatewayClient[];
  /** On average, between two looks. */
  readonly everyMs: number;
  readonly tally: ReaderTally;
}

/** Of all readers together. */
export interface ReaderTally {
  answers: number;
  /** No answer, or none without errors. */
  failed: number;
  /** Answers older than one before them. */
  stale: number;
  readonly samples: string[];
}

const LOOK = 'query Look($id: ID!) { course(id: $id) { title viewerProgress { revision } } }';

export async function keepReading(o: ReaderOptions, stopped: AbortSignal): Promise<void> {
  const { token, courseId, clients, everyMs, tally } = o;
  let latest = 0;
  for (; !stopped.aborted; await sleep(Math.random() * 2 * everyMs, stopped)) {
    const client = clients[Math.floor(Math.random() * clients.length)]!;
    const answer = await client
      .ask(LOOK, { token, variables: { id: courseId } })
      .catch((error: Error) => ({ data: null, errors: error.message }));
    const course = (answer.data as { course: { viewerProgress: { revision: number } | null } | null } | null)?.course;
    const revision = course?.viewerProgress?.revision;
    tally.answers += 1;
    if (answer.errors !== undefined || revision === undefined) {
      tally.failed += 1;
      if (tally.samples.length < 5) tally.samples.push(JSON.stringify(answer).slice(0, 300));
    } else if (revision < latest) {
      tally.stale += 1;
    } else {
      latest = revision;
    }
  }
}
