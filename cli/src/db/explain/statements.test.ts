import { expect, test } from 'vitest';
import { hottest, mergeStatements } from './statements.ts';

const statement = (text: string, calls = 100, totalMs = calls) => ({ text, calls, totalMs });
const textsOf = (limit: number, ...statements: ReturnType<typeof statement>[]) =>
  hottest(statements, { limit }).map(({ text }) => text);

test('what servers of a domain executed is added up', () => {
  const [primary, replica] = [[statement('SELECT 1', 5), statement('SELECT 2', 1)], [statement('SELECT 1', 7)]];
  expect(mergeStatements([primary, replica])).toEqual([statement('SELECT 1', 12), statement('SELECT 2', 1)]);
});

test('the hottest are those called most, and those that took most time', () => {
  const rare = statement('SELECT slow', 10, 9_000);
  const often = statement('SELECT often', 5_000, 10);
  expect(textsOf(1, rare, often, statement('SELECT neither', 100, 100))).toEqual(['SELECT often', 'SELECT slow']);
});

test('what was called a few times only is not hot', () => {
  expect(textsOf(9, statement('SELECT once', 1, 60_000))).toEqual([]);
});

test.each([
  ['COPY lesson TO STDOUT'],
  ['ANALYZE'],
  ['BEGIN'],
  ['-- why\n VACUUM'],
  ['SELECT query FROM pg_stat_statements'],
  ['SELECT migration_name FROM _prisma_migrations'],
])('%j is maintenance, and left out', (text) => {
  expect(textsOf(9, statement(text))).toEqual([]);
});

test.each([['(SELECT 1)'], ['/* why */ select 1'], ['WITH a AS (SELECT 1) SELECT * FROM a'], ['DELETE FROM a']])(
  '%j is explained',
  (text) => {
    expect(textsOf(9, statement(text))).toEqual([text]);
  },
);
