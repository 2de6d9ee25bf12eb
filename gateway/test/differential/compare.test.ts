/**
 * The comparison sees what it must see, and forgives what the specification leaves open.
 */
import { expect, test } from 'vitest';
import { type Answer, difference, pathsBelowNulls, strayError } from './compare.ts';

const FAULT = { code: 'FAULT' };
const error = (path: (string | number)[], extensions?: Record<string, unknown>) => ({ message: 'm', path, extensions });
const same = (expected: Answer, actual: Answer, unknown: (string | number)[][] = []) =>
  difference(expected, actual, unknown);

test('values, missing keys and the order of keys are compared', () => {
  expect(same({ data: { a: [1, { b: null }] } }, { data: { a: [1, { b: null }] } })).toBeNull();
  expect(same({ data: { a: 1 } }, { data: { a: '1' } })).toContain('"1", not 1');
  expect(same({ data: { a: 1, b: 2 } }, { data: { b: 2, a: 1 } })).toContain('keys');
  expect(same({ data: { a: [1] } }, { data: { a: [1, null] } })).toContain('keys');
  expect(same({ data: { a: {} } }, { data: { a: [] } })).toContain('not {}');
  expect(same({ data: null }, {})).toContain('undefined');
});

test('an error that is missing, too many, elsewhere or of another kind is a difference', () => {
  const expected: Answer = { data: { a: null, b: null }, errors: [error(['a'], FAULT)] };
  expect(same(expected, expected)).toBeNull();
  expect(same(expected, { data: expected.data })).toContain('no error tells');
  expect(same({ data: expected.data }, expected)).toContain('too many');
  expect(same(expected, { ...expected, errors: [error(['b'], FAULT)] })).toContain('no error tells');
  expect(same(expected, { ...expected, errors: [error(['a'])] })).toContain('of kind');
});

test('one path twice, no path, and a path to a value are differences', () => {
  const data = { a: null, b: 1 };
  const expected: Answer = { data, errors: [error(['a'])] };
  expect(same(expected, { data, errors: [error(['a']), error(['a'])] })).toContain('two errors');
  expect(same(expected, { data, errors: [error(['a']), { message: 'm' }] })).toContain('without a path');
  expect(same(expected, { data, errors: [error(['a']), error(['b'])] })).toContain('which is not null');
});

test('a plan that asks a subgraph for what it cannot know is a difference, wherever it shows', () => {
  expect(same({ data: { a: 1 } }, { data: { a: 1 }, errors: [error(['hidden'], { code: 'WRONG_PLAN' })] })).toContain(
    'wrong plan',
  );
});

test('the order of errors, and which of several below one null is told of, are free', () => {
  const data = { a: null, b: null };
  const expected: Answer = { data, errors: [error(['a', 'x'], FAULT), error(['a', 'y']), error(['b'])] };
  expect(same(expected, { data, errors: [error(['b']), error(['a', 'y'])] })).toBeNull();
  expect(same(expected, { data, errors: [error(['b'])] })).toContain('no error tells');
});

test('an error below a null must be that of a field without a value', () => {
  const answer: Answer = { data: { a: null }, errors: [error(['a', 'x'])] };
  const paths = pathsBelowNulls(answer);
  expect(strayError(paths, { a: { x: null, y: 1 } })).toBeNull();
  expect(strayError(paths, { a: { x: 1, y: null } })).toContain('which has a value');
});

test('a reference to an entity that nobody knows may be null without an error, but nothing above it may', () => {
  const quiet: Answer = { data: { a: null } };
  const told: Answer = { data: { a: null }, errors: [error(['a', 'must'])] };
  expect(same(told, quiet, [['a']])).toBeNull();
  expect(same({ ...told, data: null }, { data: null }, [['a']])).toContain('no error tells');
});

test('an error that nobody asked for may name an object that has a value, and explains a null there', () => {
  const unasked = { ...error(['a'], FAULT), extensions: { ...FAULT, unasked: true } };
  expect(same({ data: { a: { x: 1 } } }, { data: { a: { x: 1 } }, errors: [unasked] })).toBeNull();
  expect(pathsBelowNulls({ data: null, errors: [unasked] })).toEqual([]);
  const expected: Answer = { data: { a: null }, errors: [error(['a', 'x'])] };
  expect(same(expected, { data: { a: null }, errors: [unasked] })).toBeNull();
});
