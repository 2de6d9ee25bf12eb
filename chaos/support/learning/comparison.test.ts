import { expect, test } from 'vitest';
import { faultsOf, type Update } from './comparison.ts';

const updates = [1, 2, 3].map(
  (revision): Update => ({
    reason: revision === 1 ? 'ENROLLED' : 'LESSON_COMPLETED',
    lessonId: revision === 1 ? null : `lesson ${revision}`,
    progress: {
      percentage: 10 * revision,
      completedLessons: revision - 1,
      totalLessons: 9,
      answeredProblems: 0,
      correctProblems: 0,
      totalProblems: 0,
      revision,
    },
    isComplete: true,
  }),
);
const [first, second, third] = updates as [Update, Update, Update];
const truth = {
  changes: updates.map(({ reason, lessonId }) => ({ reason, lessonId })),
  progress: third.progress,
};

test('every change once and in order is without fault', () => {
  expect(faultsOf(updates, truth)).toEqual([]);
});

test.each<[string, Update[], string[]]>([
  ['missing', [first, third], ['revision 2 is missing']],
  ['missing at the beginning', [second, third], ['revision 1 is missing']],
  ['repeated', [first, second, second, third], ['revision 2 came twice']],
  ['not complete', [first, { ...second, isComplete: false }, third], ['revision 2 was not complete']],
  [
    'of something else',
    [first, { ...second, lessonId: 'another' }, third],
    ['revision 2 was told as LESSON_COMPLETED of another'],
  ],
])('a change that is %s is noticed', (_what, got, faults) => {
  expect(faultsOf(got, truth)).toEqual(faults);
});

test('changes out of order, and a last state that is not the latest, are noticed', () => {
  expect(faultsOf([first, third, second], truth)).toEqual([
    'revision 2 came after 3',
    expect.stringMatching(/^the last state was .*"revision":2/),
  ]);
  expect(faultsOf([], truth)).toContain('the last state was undefined');
});
