/**
 * Completing lessons: counted once, whoever else is at it.
 */
import { newId } from '@lyceum/database';
import { fixedClock, laggingReplica, sql } from '@lyceum/testing';
import { describe, expect, it } from 'vitest';
import { number, openProgress, outlineOf, type Progress } from './progress.ts';

const enroll = 'mutation ($id: ID!) { enroll(courseId: $id) { __typename } }';
const start = 'mutation ($id: ID!) { startLesson(lessonId: $id) { state startedAt completedAt } }';
const complete = `mutation ($id: ID!) {
  completeLesson(lessonId: $id) { percentage completedLessons totalLessons totalProblems revision }
}`;
const standing = `query ($id: ID!) {
  _entities(representations: [{ __typename: "Course", id: $id }]) {
    ... on Course {
      viewerProgress { percentage completedLessons totalLessons revision }
      viewerEnrollment { status completedAt progress { percentage revision } }
    }
  }
}`;
const eventsOf = (progress: Progress, shard: string, learnerId: string) =>
  sql<{ reason: string; revision: number }>(
    progress.tenant.databaseUrl('progress', shard),
    `SELECT payload->>'reason' AS reason, (payload->>'revision')::int AS revision
     FROM outbox_message WHERE name = 'progress.updated' AND key = $1 ORDER BY seq`,
    [learnerId],
  );

describe('completing a lesson', () => {
  it('completing a lesson twice counts once and emits nothing new', async () => {
    await using progress = await openProgress();
    const outline = outlineOf(3);
    await progress.publish(outline);
    const learner = await progress.learner('s2');
    await learner.query(enroll, { id: outline.courseId });
    const id = outline.lessons[0]!.lessonId;
    const first = await learner.query(complete, { id });
    expect(first).toEqual({
      completeLesson: { percentage: 33.33, completedLessons: 1, totalLessons: 3, totalProblems: 0, revision: 2 },
    });
    expect(await learner.query(complete, { id })).toEqual(first);
    expect(await eventsOf(progress, 's2', learner.id)).toEqual([
      { reason: 'ENROLLED', revision: 1 },
      { reason: 'LESSON_COMPLETED', revision: 2 },
    ]);
  });

  it('two sockets completing different lessons at once lose no count', async () => {
    await using progress = await openProgress();
    const outline = outlineOf(12);
    await progress.publish(outline);
    const first = await progress.learner('s1');
    const second = await progress.learner('s1', first.id);
    await first.query(enroll, { id: outline.courseId });
    // Each lesson is sent by both, so that every count is also raced for.
    const sent = outline.lessons.flatMap(({ lessonId }) =>
      [first, second].map((l) => l.query(complete, { id: lessonId })),
    );
    await Promise.all(sent);
    const { _entities } = await first.query<{ _entities: unknown[] }>(standing, { id: outline.courseId });
    expect(_entities[0]).toMatchObject({
      viewerProgress: { percentage: 100, completedLessons: 12, totalLessons: 12, revision: 13 },
      viewerEnrollment: { status: 'COMPLETED', completedAt: expect.any(String) },
    });
    const revisions = (await eventsOf(progress, 's1', first.id)).map(({ revision }) => revision);
    expect(revisions).toEqual(Array.from({ length: 13 }, (_, index) => index + 1));
  });

  it('starting twice changes nothing, and completing a lesson never started starts it', async () => {
    const clock = fixedClock('2026-11-21T08:00:00Z');
    await using progress = await openProgress({ clock });
    const outline = outlineOf(2);
    await progress.publish(outline);
    const learner = await progress.learner();
    await learner.query(enroll, { id: outline.courseId });
    const [one, two] = outline.lessons.map(({ lessonId }) => lessonId);
    const started = { startLesson: { state: 'STARTED', startedAt: '2026-11-21T08:00:00.000Z', completedAt: null } };
    expect(await learner.query(start, { id: one })).toEqual(started);
    clock.advance(60_000);
    expect(await learner.query(start, { id: one })).toEqual(started);
    await learner.query(complete, { id: two });
    expect(await learner.query(start, { id: two })).toEqual({
      startLesson: {
        state: 'COMPLETED',
        startedAt: '2026-11-21T08:01:00.000Z',
        completedAt: '2026-11-21T08:01:00.000Z',
      },
    });
    const reasons = (await eventsOf(progress, 's1', learner.id)).map(({ reason }) => reason);
    expect(reasons).toEqual(['ENROLLED', 'LESSON_STARTED', 'LESSON_COMPLETED']);
  });

  it('is refused for an unknown lesson, and for a course that was not entered or was left', async () => {
    await using progress = await openProgress();
    const outline = outlineOf(1);
    await progress.publish(outline);
    const learner = await progress.learner();
    const id = outline.lessons[0]!.lessonId;
    await expect(learner.query(complete, { id: newId(7) })).rejects.toThrow('LESSON_NOT_FOUND');
    await expect(learner.query(complete, { id: 'no id' })).rejects.toThrow('LESSON_NOT_FOUND');
    await expect(learner.query(complete, { id })).rejects.toThrow('NOT_ENROLLED');
    await learner.query(enroll, { id: outline.courseId });
    await learner.query('mutation ($id: ID!) { withdraw(courseId: $id) { status } }', { id: outline.courseId });
    await expect(learner.query(complete, { id })).rejects.toThrow('NOT_ENROLLED');
    await expect((await progress.anonymous()).query(complete, { id })).rejects.toThrow('UNAUTHENTICATED');
  });

  it('a course with a gradable problem is not complete before it is answered', async () => {
    await using progress = await openProgress();
    const outline = outlineOf(1, [number]);
    await progress.publish(outline);
    const learner = await progress.learner();
    await learner.query(enroll, { id: outline.courseId });
    expect(await learner.query(complete, { id: outline.lessons[0]!.lessonId })).toMatchObject({
      completeLesson: { percentage: 50, totalProblems: 1 },
    });
  });
});

describe('reading', () => {
  it('a learner who just wrote reads the write although the replica lags', async () => {
    await using progress = await openProgress();
    const outline = outlineOf(2);
    await progress.publish(outline);
    await progress.tenant.replicasCaughtUp();
    await using _lag = await laggingReplica('s1');
    const learner = await progress.learner('s1');
    await learner.query(enroll, { id: outline.courseId });
    for (const [index, { lessonId }] of outline.lessons.entries()) {
      await learner.query(complete, { id: lessonId });
      const { _entities } = await learner.query<{ _entities: unknown[] }>(standing, { id: outline.courseId });
      expect(_entities[0]).toMatchObject({ viewerProgress: { completedLessons: index + 1 } });
    }
  });

  it('states of all lessons of a page come in one query', async () => {
    await using progress = await openProgress();
    const outline = outlineOf(3);
    const other = outlineOf(1);
    await progress.publish(outline);
    await progress.publish(other);
    const learner = await progress.learner();
    await learner.query(enroll, { id: outline.courseId });
    const [one, two, three] = outline.lessons.map(({ lessonId }) => lessonId);
    await learner.query(start, { id: one });
    await learner.query(complete, { id: two });
    const representations = [one, two, three, other.lessons[0]!.lessonId].map((id) => ({ __typename: 'Lesson', id }));
    const { _entities } = await learner.query<{ _entities: unknown[] }>(
      `query ($representations: [_Any!]!) {
        _entities(representations: $representations) { ... on Lesson { viewerProgress { state lesson { id } } } }
      }`,
      { representations },
    );
    expect(_entities).toEqual([
      { viewerProgress: { state: 'STARTED', lesson: { id: one } } },
      { viewerProgress: { state: 'COMPLETED', lesson: { id: two } } },
      { viewerProgress: { state: 'NOT_STARTED', lesson: { id: three } } },
      { viewerProgress: null },
    ]);
    const metrics = await (await fetch(`${progress.url}/metrics`)).text();
    expect(metrics).toMatch(/lyceum_loader_batch_size_count\{[^}]*loader="lessonProgress"[^}]*\} 1\n/);
  });
});
