/**
 * Live progress, through the real relay.
 */
import { eventually, startService } from '@lyceum/testing';
import { expect, it } from 'vitest';
import { number, openProgress, outlineOf } from './progress.ts';

const domains = ['users', 'courses', 'progress', 'ai'] as const;
const enroll = 'mutation ($id: ID!) { enroll(courseId: $id) { __typename } }';
const complete = 'mutation ($id: ID!) { completeLesson(lessonId: $id) { percentage } }';
const withdraw = 'mutation ($id: ID!) { withdraw(courseId: $id) { id } }';
const answer = 'mutation ($input: AnswerProblemInput!) { answerProblem(input: $input) { attempt { id } } }';
const updates = `subscription ($courseId: ID) {
  progressUpdated(courseId: $courseId) {
    reason
    learner { id }
    course { id viewerProgress { revision } }
    lesson { id viewerProgress { state } }
    progress { percentage completedLessons totalLessons answeredProblems totalProblems revision }
  }
}`;

interface Update {
  readonly reason: string;
  readonly learner: { readonly id: string };
  readonly course: { readonly id: string; readonly viewerProgress: { readonly revision: number } };
  readonly lesson: { readonly id: string; readonly viewerProgress: { readonly state: string } } | null;
  readonly progress: { readonly percentage: number; readonly revision: number };
}

async function take(events: AsyncGenerator<{ progressUpdated: Update }, void>, count: number): Promise<Update[]> {
  const taken: Update[] = [];
  while (taken.length < count) {
    const step = await events.next();
    if (step.done) break;
    taken.push(step.value.progressUpdated);
  }
  return taken;
}

it('every progress event of a learner arrives in order', async () => {
  await using progress = await openProgress({ domains });
  const worker = await startService('worker', progress.tenant.env);
  try {
    const outline = outlineOf(8, [number]);
    const other = outlineOf(1);
    for (const each of [outline, other]) await progress.publish(each);
    const learner = await progress.learner('s2');
    const stranger = await progress.learner('s2');
    await learner.query(enroll, { id: outline.courseId });
    await stranger.query(enroll, { id: outline.courseId });

    const all = learner.subscribe<{ progressUpdated: Update }>(updates);
    const filtered = learner.subscribe<{ progressUpdated: Update }>(updates, { courseId: outline.courseId });
    // A subscription begins with its first pull, somewhere on its way: coming back again and again shows when it listens.
    let listening = false;
    const heard = Promise.all([all.next(), filtered.next()]).then(() => {
      listening = true;
    });
    await eventually(async () => {
      await learner.query(withdraw, { id: outline.courseId });
      await learner.query(enroll, { id: outline.courseId });
      return listening;
    });
    await heard;

    await learner.query(enroll, { id: other.courseId });
    await Promise.all(outline.lessons.map(({ lessonId }) => learner.query(complete, { id: lessonId })));
    await stranger.query(complete, { id: outline.lessons[0]!.lessonId });
    const { problemId } = outline.lessons[0]!.problems[0]!;
    await learner.query(answer, { input: { problemId, response: '42' } });

    const ended = async (events: typeof all) => {
      const seen: Update[] = [];
      while (seen.at(-1)?.progress.percentage !== 100) seen.push(...(await take(events, 1)));
      return seen;
    };
    const mine = await ended(filtered);
    const revisions = mine.map((update) => update.progress.revision);
    expect(revisions).toEqual(revisions.map((_, index) => revisions[0]! + index));
    expect(mine.filter(({ reason }) => reason === 'LESSON_COMPLETED')).toHaveLength(8);
    expect(mine.at(-1)).toMatchObject({
      reason: 'PROBLEM_ANSWERED',
      progress: { completedLessons: 8, answeredProblems: 1 },
    });
    for (const update of mine) {
      expect(update.learner.id).toBe(learner.id);
      expect(update.course.id).toBe(outline.courseId);
      // What is read beside the event is never older than the event.
      expect(update.course.viewerProgress.revision).toBeGreaterThanOrEqual(update.progress.revision);
      if (update.reason === 'LESSON_COMPLETED') expect(update.lesson?.viewerProgress.state).toBe('COMPLETED');
    }
    const everything = await ended(all);
    const ofOther = everything.filter((update) => update.course.id === other.courseId);
    expect(ofOther.map(({ reason }) => reason)).toEqual(['ENROLLED']);
    const ofThis = everything.filter((update) => update.course.id === outline.courseId);
    expect(ofThis.slice(-9).map((update) => update.progress)).toEqual(mine.slice(-9).map((update) => update.progress));
    await Promise.all([all.return(), filtered.return()]);
  } finally {
    await worker.stop();
  }
});

it('nobody follows progress without signing in', async () => {
  await using progress = await openProgress();
  await expect((await progress.anonymous()).subscribe(updates).next()).rejects.toThrow('UNAUTHENTICATED');
});
