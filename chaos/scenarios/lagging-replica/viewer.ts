/**
 * A learner who writes, looks for it elsewhere, and looks once more for every event. No answer may be older than the
 * learner's last acknowledged write, nor than the last event that was received, when it was asked for.
 */
import { createLyceumClient } from '@lyceum/client';
import { until } from '@lyceum/local-stack';
import { sleep } from '@lyceum/service-kit';
import type { Chaos } from '../../scenario.ts';
import type { GatewayClient } from '../../support/gateway-client.ts';
import type { Course } from '../../support/learning/course.ts';
import type { Learner } from '../../support/learning/learners.ts';
import { createKnown, editionOf, type Known, olderThan } from './known.ts';
import {
  answerProblem,
  completeLesson,
  lookAtCourse,
  lookAtEnrollment,
  lookAtOneself,
  lookAtPerson,
  type Operation,
  oneOf,
  rename,
} from './operations.ts';

export interface Viewer {
  readonly id: string;
  readonly known: Pick<Known, 'now'>;
  /** Writes and reads until told to stop; returns once nothing that it sent is under way any more. */
  work(stopped: AbortSignal): Promise<void>;
}

export interface ViewerOptions {
  readonly learner: Pick<Learner, 'id' | 'token'>;
  readonly course: Course;
  readonly clients: readonly GatewayClient[];
  readonly urls: readonly string[];
  /** On average, between two operations. */
  readonly everyMs: number;
  readonly tally: Tally;
}

/** Of all viewers together. */
export interface Tally {
  writes: number;
  reads: number;
  /** Of them, those that an event gave rise to. */
  readsAfterEvents: number;
  events: number;
  /** Operations that were not answered as a whole. */
  failed: number;
  /** Answers and events older than the viewer's own last write. */
  stale: number;
  /** Answers older than the last event that the viewer had received. */
  staleAfterEvent: number;
  /** What went wrong, the first of it. */
  readonly samples: string[];
}

const SUBSCRIPTION = `subscription Follow($courseId: ID) {
  progressUpdated(courseId: $courseId) { learner { displayName } progress { revision } }
}`;
/** The rest are reads. */
const WRITES = 0.4;
/** Of the writes; the others are lessons and answers. */
const RENAMES = 0.25;
const SAMPLES = 5;
const PATIENCE_MS = 30_000;

interface Followed {
  readonly progressUpdated: {
    readonly learner: { readonly displayName: string };
    readonly progress: { readonly revision: number };
  };
}

/** Of a learner who is enrolled. Resolves when nothing that happens from now on passes the subscription by. */
export async function openViewer(chaos: Chaos, o: ViewerOptions): Promise<Viewer> {
  const { learner, course, clients, urls, everyMs, tally } = o;
  const known = createKnown();
  known.learn('write', { revision: 1 });
  const looks = [lookAtCourse(course.id), lookAtEnrollment(course.id), lookAtOneself(), lookAtPerson(learner.id)];
  const lessons = [...course.lessons.keys()];
  /** What the name was at least when a revision was asked for. */
  const editionAt: number[] = [];
  let edition = 0;
  let isWorking = false;
  let looking: Promise<unknown> = Promise.resolve();

  async function ask({ query, variables, read }: Operation): Promise<ReturnType<Operation['read']> | null> {
    const floor = known.now();
    try {
      const { data, errors } = await oneOf(clients).ask(query, { token: learner.token, variables });
      if (errors !== undefined) throw new Error(JSON.stringify(errors));
      const shown = read(data);
      const source = olderThan(floor, shown);
      if (source === 'write') tally.stale += 1;
      if (source === 'event') tally.staleAfterEvent += 1;
      if (source !== null) note(`${query} showed ${JSON.stringify(shown)} after ${JSON.stringify(floor)}`);
      return shown;
    } catch (error) {
      fail(`${query}: ${error}`);
      return null;
    }
  }

  function fail(sample: string): void {
    tally.failed += 1;
    note(sample);
  }

  function note(sample: string): void {
    if (tally.samples.length < SAMPLES) tally.samples.push(sample.slice(0, 500));
  }

  async function write(): Promise<void> {
    const renames = Math.random() < RENAMES;
    const lessonId = renames ? undefined : lessons.shift();
    const operation = renames ? rename(edition + 1) : lessonId ? completeLesson(lessonId) : answerProblem(course);
    if (renames) edition += 1;
    else editionAt[known.now().write.revision + 1] ??= known.now().write.edition;
    const shown = await ask(operation);
    tally.writes += 1;
    if (shown) known.learn('write', shown);
  }

  async function look(operation: Operation): Promise<void> {
    tally.reads += 1;
    await ask(operation);
  }

  /** Its name was read when the event was there, after whatever was acknowledged before what the event tells was asked for. */
  async function take({ learner: person, progress }: Followed['progressUpdated']): Promise<void> {
    tally.events += 1;
    const told = { ...progress, edition: editionOf(person.displayName) };
    if (told.edition < (editionAt[told.revision] ?? 0)) {
      tally.stale += 1;
      note(`event ${JSON.stringify(told)} had an older name than ${editionAt[told.revision]}`);
    }
    known.learn('event', told);
    if (!isWorking) return;
    tally.readsAfterEvents += 1;
    looking = look(oneOf(looks));
    await looking;
  }

  const client = chaos.own(createLyceumClient({ url: urls, token: () => learner.token }), (c) => c.close());
  let isOpen = false;
  const follow = async () => {
    const onCaughtUp = () => {
      isOpen = true;
    };
    const messages = client.subscribe<Followed>(SUBSCRIPTION, { courseId: course.id }, { onCaughtUp });
    for await (const { data, errors } of messages) {
      if (data && errors.length === 0) await take(data.progressUpdated);
      else fail(`event: ${JSON.stringify(errors)}`);
    }
  };
  follow().catch((error) => fail(`subscription: ${error}`));
  if (!(await until(() => isOpen, PATIENCE_MS))) throw new Error(`no subscription: ${tally.samples}`);

  return {
    id: learner.id,
    known,
    async work(stopped) {
      isWorking = true;
      while (!stopped.aborted) {
        if (Math.random() < WRITES) await write();
        else await look(oneOf(looks));
        await sleep(Math.random() * 2 * everyMs, stopped);
      }
      isWorking = false;
      await looking;
    },
  };
}
