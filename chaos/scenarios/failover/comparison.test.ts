import { expect, test } from 'vitest';
import type { Change } from '../../support/learning/comparison.ts';
import { compareWrites, type Told } from './comparison.ts';

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
