/**
 * A learner at work: completes lessons and answers problems through any gateway, and repeats what failed.
 *
 * A write that is repeated after its outcome stayed unknown may be recorded twice; the database alone knows.
 */
import { backOffMs, sleep } from '@lyceum/service-kit';
import type { GatewayClient } from '../gateway-client.ts';
import type { Change } from './comparison.ts';
import type { Course } from './course.ts';

export interface WriterOptions {
  readonly token: string;
  readonly course: Course;
  readonly clients: readonly GatewayClient[];
  /** On average, between two writes. */
  readonly everyMs: number;
  readonly tally: WriterTally;
  readonly onAcknowledged?: (write: Acknowledged) => void;
}

/** What a learner was told of a write. */
export interface Acknowledged extends Change {
  /** Of the learner's progress in the course. */
  readonly revision: number;
  /** By the clock of this process, in milliseconds: when it was sent. */
  readonly sentAt: number;
}

/** Of all writers together. */
export interface WriterTally {
  acknowledged: number;
  /** Tries that failed, or whose outcome is unknown. */
  failed: number;
  /** Of an acknowledged write. */
  longestMs: number;
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
export async function keepWriting(options: WriterOptions, stopped: AbortSignal): Promise<void> {
  const { token, clients, everyMs, tally, onAcknowledged } = options;
  for (const write of writes(options.course)) {
    await sleep(Math.random() * 2 * everyMs, stopped);
    for (let tries = 1; !stopped.aborted; tries += 1) {
      const client = clients[Math.floor(Math.random() * clients.length)]!;
      const begun = performance.now();
      const answer = await client.ask(write.query, { token, variables: write.variables }).catch(() => null);
      if (answer?.data && answer.errors === undefined) {
        const { reason, lessonId } = write;
        onAcknowledged?.({ reason, lessonId, revision: revisionIn(answer.data), sentAt: begun });
        tally.acknowledged += 1;
        tally.longestMs = Math.max(tally.longestMs, performance.now() - begun);
        break;
      }
      tally.failed += 1;
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
