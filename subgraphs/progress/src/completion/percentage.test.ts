import { describe, expect, test } from 'vitest';
import { isDone, percentageOf } from './percentage.ts';

const counters = (completedLessons: number, totalLessons: number, answeredProblems = 0, totalProblems = 0) => ({
  completedLessons,
  totalLessons,
  answeredProblems,
  totalProblems,
});

describe('the percentage of a course', () => {
  test('lessons and gradable problems weigh the same', () => {
    expect(percentageOf(counters(1, 2, 1, 2))).toBe(50);
    expect(percentageOf(counters(2, 2, 0, 2))).toBe(50);
  });

  test('is rounded to two decimals', () => {
    expect(percentageOf(counters(1, 3))).toBe(33.33);
    expect(percentageOf(counters(2, 3))).toBe(66.67);
    expect(percentageOf(counters(107, 4_000))).toBe(2.68);
  });

  test('is 100 only when everything is done', () => {
    expect(percentageOf(counters(99_999, 100_000))).toBe(99.99);
    expect(percentageOf(counters(2, 2, 1, 1))).toBe(100);
  });

  test('is 0 for a course without content, which is never done', () => {
    expect(percentageOf(counters(0, 0))).toBe(0);
    expect(isDone(counters(0, 0))).toBe(false);
  });
});
