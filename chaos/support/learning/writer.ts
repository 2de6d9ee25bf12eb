/**
 * A learner at work: completes lessons and answers problems through any gateway, and repeats what failed.
 *
 * A write that is repeated after its outcome stayed unknown may be recorded twice; the database alone knows.
 */
import { backOffMs, sleep } from '@lyceum/service-kit';
import type { GatewayClient } from '../gateway-client.ts';
import type { Course } from './course.ts';

export interface WriterOptions {
  readonly token: string;
  readonly course: Course;
  readonly clients: readonly GatewayClient[];
  /** On average, between two writes. */
  readonly everyMs: number;
  readonly tally: WriterTally;
}

/** Of all writers together. */
export interface WriterTally {
  acknowledged: number;
  /** Tries that failed, or whose outcome is unknown. */
  failed: number;
  /** Of an acknowledged write. */
  longestMs: number;
}

interface Write {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

const COMPLETE = 'mutation Complete($lessonId: ID!) { completeLesson(lessonId: $lessonId) { revision } }';
const ANSWER =
  'mutation Answer($input: AnswerProblemInput!) { answerProblem(input: $input) { progress { revision } } }';
/** Every so many writes, a lesson is completed, as long as there is one left. */
const LESSON_EVERY = 3;
const BACK_OFF = { baseMs: 100, maxMs: 1_000 };

/** Resolves when nothing that it sent is under way any more. */
export async function keepWriting(options: WriterOptions, stopped: AbortSignal): Promise<void> {
  const { token, clients, everyMs, tally } = options;
  for (const write of writes(options.course)) {
    await sleep(Math.random() * 2 * everyMs, stopped);
    for (let tries = 1; !stopped.aborted; tries += 1) {
      const client = clients[Math.floor(Math.random() * clients.length)]!;
      const begun = performance.now();
      const answer = await client.ask(write.query, { token, variables: write.variables }).catch(() => null);
      if (answer?.data && answer.errors === undefined) {
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

/** Without an end. */
function* writes({ lessons, problems }: Course): Generator<Write> {
  const waiting = [...lessons.keys()];
  for (let n = 0; ; n += 1) {
    const lessonId = n % LESSON_EVERY === 0 ? waiting.shift() : undefined;
    if (lessonId !== undefined) {
      yield { query: COMPLETE, variables: { lessonId } };
    } else {
      const { id: problemId, choices } = problems[Math.floor(Math.random() * problems.length)]!;
      const choice = choices[Math.floor(Math.random() * choices.length)]!;
      yield { query: ANSWER, variables: { input: { problemId, choiceIds: [choice.id] } } };
    }
  }
}
