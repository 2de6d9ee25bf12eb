import { expect, test } from 'vitest';
import { judgeNumber } from './judge-number.ts';

test.each([
  ['600', '5', 600, 5],
  ['-1.5e3', null, -1500, 0.015],
  ['.5', '0.1', 0.5, 0.1],
  ['1/4', '0', 0.25, 0],
  ['80', '2.5%', 80, 2],
  ['[5, 7]', null, 6, 1],
])('%s with tolerance %s is %d ± %d', (answer, tolerance, value, amount) => {
  const judged = judgeNumber(answer, tolerance);
  expect(judged?.value).toBeCloseTo(value, 9);
  expect(judged?.tolerance).toBeCloseTo(amount, 9);
});

test('an end that does not belong to a range is not accepted', () => {
  const judged = judgeNumber('[5, 7)', null);
  const accepts = (given: number) => Math.abs(given - (judged?.value ?? 0)) <= (judged?.tolerance ?? 0);
  expect(accepts(5.000001)).toBe(true);
  expect(accepts(6.999999)).toBe(true);
  expect(accepts(7)).toBe(false);
});

test.each(['sqrt(2)', '$z', '3 little pigs', '', '1/0', '[7, 5]', '[a, b]'])('%s is no number', (answer) => {
  expect(judgeNumber(answer, null)).toBeNull();
});

test('a tolerance that is no number makes the whole no number', () => {
  expect(judgeNumber('5', '$tolerance')).toBeNull();
  expect(judgeNumber('5', '-1')).toBeNull();
});
