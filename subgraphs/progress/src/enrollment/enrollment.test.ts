import { expect, test } from 'vitest';
import { advance, type Enrollment } from './enrollment.ts';

const begun: Enrollment = {
  id: '0198a000-0000-7000-8000-000000000001',
  learnerId: '0198a000-0000-7000-8000-000000000002',
  courseId: '0198a000-0000-7000-8000-000000000003',
  status: 'ACTIVE',
  completedLessons: 0,
  totalLessons: 1,
  answeredProblems: 0,
  correctProblems: 0,
  totalProblems: 1,
  percentage: 0,
  revision: 1,
  enrolledAt: new Date('2026-11-01T08:00:00Z'),
  completedAt: null,
};
const first = new Date('2026-11-02T08:00:00Z');
const later = new Date('2026-11-03T08:00:00Z');

test('each change grows the revision by one and keeps what it does not touch', () => {
  const after = advance(begun, { completedLessons: 1 }, first);
  expect(after).toEqual({ ...begun, completedLessons: 1, percentage: 50, revision: 2 });
});

test('the last part completes the course, and the time of the first completion stays', () => {
  const half = advance(begun, { completedLessons: 1 }, first);
  const done = advance(half, { answeredProblems: 1, correctProblems: 1 }, first);
  expect(done).toMatchObject({ status: 'COMPLETED', percentage: 100, completedAt: first });
  const again = advance(done, { correctProblems: -1 }, later);
  expect(again).toMatchObject({ status: 'COMPLETED', percentage: 100, correctProblems: 0, completedAt: first });
});

test('who comes back to a course that was left goes on where it was left', () => {
  const left: Enrollment = { ...begun, status: 'WITHDRAWN', completedLessons: 1, percentage: 50, revision: 4 };
  expect(advance(left, {}, later)).toMatchObject({
    status: 'ACTIVE',
    completedLessons: 1,
    percentage: 50,
    revision: 5,
  });
});
