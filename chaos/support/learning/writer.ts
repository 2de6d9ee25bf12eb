/**
 * A learner at work: completes lessons and answers problems through any gateway, and repeats what failed.
 *
 * A write that is repeated after its outcome stayed unknown may be recorded twice; the database alone knows.
 */
import { backOffMs, sleep } from '@lyceum/service-kit';
import type { GatewayClient } from '../gateway-client.ts';
import type { Change, Told } from './comparison.ts';
import type { Course } from './course.ts';

export interface Writer {
  readonly token: string;
  readonly written: WriterTally;
}

export interface WriterOptions {
  readonly course: Course;
  readonly clients: readonly GatewayClient[];
  /** On average, between two writes. */
  readonly everyMs: number;
}

/** What a learner was told of a write. */
export interface Acknowledged extends Told {
  /** By the clock of this process, in milliseconds: when it was sent. */
  readonly sentAt: number;
  readonly tookMs: number;
}

export interface WriterTally {
  /** In order. */
  readonly acknowledged: Acknowledged[];
  /** Tries that failed, or whose outcome is unknown. */
  failed: number;
}

interface Write extends Change {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

const COMPLETE = 'mutation Complete($lessonId: ID!) { progress: completeLesson(lessonId: $lessonId) { revision } }';
const ANSWER =
  'mutation Answer($input: AnswerProblemInput!) { answer: answerProblem(input: $input) { progress { revision } } }';
/** Every so many writes, a lesson is completed, as long as there is one left. */
const LESSON_EVERY = 3;
const BACK_OFF = { baseMs: 100, maxMs: 1_000 };

/** Resolves when nothing that it sent is under way any more. */
export async function keepWriting(
  { token, written }: Writer,
  { course, clients, everyMs }: WriterOptions,
  stopped: AbortSignal,
): Promise<void> {
  for (const write of writes(course)) {
    await sleep(Math.random() * 2 * everyMs, stopped);
    for (let tries = 1; !stopped.aborted; tries += 1) {
      const client = clients[Math.floor(Math.random() * clients.length)]!;
      const sentAt = performance.now();
      const answer = await client.ask(write.query, { token, variables: write.variables }).catch(() => null);
      if (answer?.data && answer.errors === undefined) {
        const { reason, lessonId } = write;
        const revision = revisionIn(answer.data);
        written.acknowledged.push({ reason, lessonId, revision, sentAt, tookMs: performance.now() - sentAt });
        break;
      }
      written.failed += 1;
      await sleep(backOffMs(tries, BACK_OFF), stopped);
    }
    if (stopped.aborted) return;
  }
}

function revisionIn(data: unknown): number {
  const told = data as { answer?: { progress: { revision: number } }; progress?: { revision: number } };
  return (told.answer?.progress ?? told.progress)!.revision;
}

/** Without an end. */
function* writes({ lessons, problems }: Course): Generator<Write> {
  const waiting = [...lessons.keys()];
  for (let n = 0; ; n += 1) {
    const lessonId = n % LESSON_EVERY === 0 ? waiting.shift() : undefined;
    if (lessonId !== undefined) {
      yield { reason: 'LESSON_COMPLETED', lessonId, query: COMPLETE, variables: { lessonId } };
    } else {
      const { id: problemId, choices } = problems[Math.floor(Math.random() * problems.length)]!;
      const choice = choices[Math.floor(Math.random() * choices.length)]!;
      const variables = { input: { problemId, choiceIds: [choice.id] } };
      yield { reason: 'PROBLEM_ANSWERED', lessonId: null, query: ANSWER, variables };
    }
  }
}
