import { expect, test } from 'vitest';
import { type Change, compareWrites, faultsOf, type Told, type Update } from './comparison.ts';

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

const enrolled: Change = { reason: 'ENROLLED', lessonId: null };
const completed = (lessonId: string): Change => ({ reason: 'LESSON_COMPLETED', lessonId });
const answered = (lessonId: string | null): Change => ({ reason: 'PROBLEM_ANSWERED', lessonId });
const told = (revision: number, change: Change): Told => ({ revision, ...change });

test('acknowledged writes that are all there are neither lost nor more', () => {
  const changes = [enrolled, completed('a'), answered('b')];
  const compared = compareWrites([told(2, completed('a')), told(3, answered(null))], changes);
  expect(compared).toEqual({ lost: [], unacknowledged: 0 });
});

test('an acknowledged write is lost if its place is empty, or taken by another change', () => {
  const gone = told(4, answered(null));
  const replaced = told(2, completed('a'));
  const compared = compareWrites([replaced, told(3, answered(null)), gone], [enrolled, completed('b'), answered('b')]);
  expect(compared).toEqual({ lost: [replaced, gone], unacknowledged: 1 });
});

test('a change that nobody was told of is counted', () => {
  const changes = [enrolled, answered('b'), answered('b')];
  expect(compareWrites([told(3, answered(null))], changes)).toEqual({ lost: [], unacknowledged: 1 });
});

test('two writes that were told of one change are not both there', () => {
  const compared = compareWrites([told(2, answered(null)), told(2, answered(null))], [enrolled, answered('b')]);
  expect(compared.lost).toHaveLength(1);
});
