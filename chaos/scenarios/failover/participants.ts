/**
 * Learners at work, each with accounts of what was acknowledged, refused and read, and the shard that serves them.
 */
import type { Chaos } from '../../scenario.ts';
import type { Databases } from '../../support/databases.ts';
import type { Course } from '../../support/learning/course.ts';
import type { Learner } from '../../support/learning/learners.ts';
import { keepReading, type ReaderTally } from '../../support/learning/reader.ts';
import type { LearningStack } from '../../support/learning/stack.ts';
import { type Acknowledged, keepWriting, type WriterTally } from '../../support/learning/writer.ts';

export interface Participant {
  readonly learner: Learner;
  /** Of the progress domain; an account lies on the shard of the same name. */
  readonly shard: string;
  readonly acknowledged: readonly Acknowledged[];
  readonly written: Readonly<WriterTally>;
  readonly read: Readonly<ReaderTally>;
}

/** What failed so far. */
export interface Failures {
  readonly writes: number;
  readonly reads: number;
  readonly answers: number;
  readonly samples: readonly string[];
}

export interface Work {
  readonly participants: readonly Participant[];
  /** Of the learners of these shards. */
  failures(shards: readonly string[]): Failures;
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

const WRITE_EVERY_MS = 400;
const READ_EVERY_MS = 300;

export async function putToWork(
  chaos: Chaos,
  { databases, gateways }: LearningStack,
  learners: readonly Learner[],
  course: Course,
): Promise<Work> {
  const clients = gateways.map(({ client }) => client);
  const shards = await shardsOf(databases);
  const stopping = chaos.own(new AbortController(), (s) => s.abort());
  const working: Promise<void>[] = [];
  const participants = learners.map((learner): Participant => {
    const { token } = learner;
    const acknowledged: Acknowledged[] = [];
    const written: WriterTally = { acknowledged: 0, failed: 0, longestMs: 0 };
    const read: ReaderTally = { answers: 0, failed: 0, stale: 0, samples: [] };
    const onAcknowledged = (write: Acknowledged) => void acknowledged.push(write);
    const writing = { token, course, clients, everyMs: WRITE_EVERY_MS, tally: written, onAcknowledged };
    const reading = { token, courseId: course.id, clients, everyMs: READ_EVERY_MS, tally: read };
    working.push(keepWriting(writing, stopping.signal), keepReading(reading, stopping.signal));
    return { learner, shard: shards.get(learner.id)!, acknowledged, written, read };
  });
  return {
    participants,
    failures(of) {
      const some = participants.filter(({ shard }) => of.includes(shard));
      return {
        writes: some.reduce((sum, { written }) => sum + written.failed, 0),
        reads: some.reduce((sum, { read }) => sum + read.failed, 0),
        answers: some.reduce((sum, { read }) => sum + read.answers, 0),
        samples: some.flatMap(({ read }) => read.samples).slice(0, 3),
      };
    },
    async stop() {
      stopping.abort();
      await Promise.all(working);
    },
  };
}

/** By learner. */
async function shardsOf(databases: Databases): Promise<ReadonlyMap<string, string>> {
  const found = await Promise.all(
    databases.shards.map(async (shard) => {
      const rows = await databases.read<{ id: string }>(
        'progress',
        'SELECT learner_id AS id FROM enrollment',
        [],
        shard,
      );
      return rows.map(({ id }) => [id, shard] as const);
    }),
  );
  return new Map(found.flat());
}
