import { expect, test } from 'vitest';
import { byScore, POINTS_MAX, pointsFor, pointsOf, scoreOf } from './points.ts';

const nothing = { lessonCompleted: false, problemSolved: false, courseCompleted: false };
const morning = new Date('2026-11-21T08:00:00Z');
const evening = new Date('2026-11-21T20:00:00Z');

test('a lesson earns 10, a solved problem 5, the course 50, and one act may earn two of them', () => {
  expect(pointsFor(nothing)).toBe(0);
  expect(pointsFor({ ...nothing, lessonCompleted: true })).toBe(10);
  expect(pointsFor({ ...nothing, problemSolved: true })).toBe(5);
  expect(pointsFor({ ...nothing, lessonCompleted: true, courseCompleted: true })).toBe(60);
});

test('more points stand above fewer whenever they were reached, and as many points above by who had them first', () => {
  expect(scoreOf(15, evening)).toBeGreaterThan(scoreOf(10, morning));
  expect(scoreOf(10, morning)).toBeGreaterThan(scoreOf(10, evening));
});

test('a score gives its points back, up to the most it can hold', () => {
  for (const points of [1, 5, 1_000, POINTS_MAX]) expect(pointsOf(scoreOf(points, evening))).toBe(points);
  expect(pointsOf(scoreOf(POINTS_MAX + 10, evening))).toBe(POINTS_MAX);
  expect(Number.isSafeInteger(scoreOf(POINTS_MAX, new Date(0)))).toBe(true);
});

test('equal scores stand in the order of ids, so that no two share a place', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((learnerId) => ({ learnerId, score: 7 }));
  expect([a!, c!, { learnerId: 'x', score: 9 }, b!].sort(byScore).map(({ learnerId }) => learnerId)).toEqual([
    'x',
    'c',
    'b',
    'a',
  ]);
});
