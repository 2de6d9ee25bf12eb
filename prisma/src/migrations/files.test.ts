import { expect, test } from 'vitest';
import { createMigration } from './files.ts';

const stepped = (...steps: string[]) =>
  createMigration('1_it', `-- migrate: without transaction\n${steps.join('\n-- migrate: next step\n')}`);

test('a file is one transaction unless its first line says that it cannot be', () => {
  expect(createMigration('1_it', 'SELECT 1;\n-- about steps\nSELECT 2;').steps).toBeNull();
  expect(stepped('SELECT 1;', 'SELECT 2;').steps).toHaveLength(2);
});

test.each([
  ['CREATE INDEX CONCURRENTLY a_idx ON a (b)', { kind: 'build-index', index: 'a_idx' }],
  ['-- why\ncreate unique index concurrently "A idx" on a (b);', { kind: 'build-index', index: '"A idx"' }],
  ['DROP INDEX CONCURRENTLY IF EXISTS a_idx', { kind: 'repeatable' }],
  ['VACUUM a', { kind: 'repeatable' }],
  ["ALTER TYPE t ADD VALUE 'x'", { kind: 'transaction' }],
  ['CREATE INDEX a_idx ON a (b)', { kind: 'transaction' }],
])('the step %j is done as %j', (sql, kind) => {
  expect(stepped(sql).steps).toMatchObject([kind]);
});

test('a step knows the line of the file on which it begins', () => {
  expect(stepped('SELECT 1;\nSELECT 2;', 'SELECT 3;').steps?.map(({ line }) => line)).toEqual([2, 5]);
});

test.each([
  ['-- nothing', /1_it, step 1 \(line 2\): holds no statement/],
  ['CREATE INDEX CONCURRENTLY ON a (b)', /give the index a name/],
  ['CREATE INDEX CONCURRENTLY IF NOT EXISTS a_idx ON a (b)', /leave out IF NOT EXISTS/],
  ['DROP INDEX CONCURRENTLY a_idx', /IF EXISTS/],
])('%j is refused with what helps', (sql, message) => {
  expect(() => stepped(sql)).toThrow(message);
});

test('a marker without the first line is refused', () => {
  expect(() => createMigration('1_it', 'SELECT 1;\n-- migrate: next step\nSELECT 2;')).toThrow(/as the first line/);
});
