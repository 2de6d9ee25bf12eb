import { expect, test } from 'vitest';
import { prepare } from './prepare.ts';
import { columns, empty, join, type Sql, sql } from './sql.ts';

const tag = (strings: TemplateStringsArray, ...values: unknown[]) => prepare(strings, values);
const COLUMNS = columns(['id', 'learnerId']);

const page = (limit: number, part: Sql) => tag`SELECT ${COLUMNS} FROM enrollment ${part} LIMIT ${limit}`;

test('a template that is run again has its own values under the same name', () => {
  const first = page(1, empty);
  const again = page(2, empty);
  expect(first).toMatchObject({
    text: expect.stringMatching(/AS "learnerId" FROM enrollment {2}LIMIT \$1$/),
    values: [1],
  });
  expect(again).toEqual({ ...first, values: [2] });
});

test('with another part it is another statement, in any order of runs', () => {
  const locked = sql`FOR UPDATE`;
  for (let run = 0; run < 3; run += 1) {
    expect(page(run, empty).text).not.toContain('FOR UPDATE');
    expect(page(run, locked)).toMatchObject({ text: expect.stringContaining('FOR UPDATE'), values: [run] });
    expect(page(run, sql`WHERE id = ${'a'}`)).toMatchObject({
      text: expect.stringMatching(/WHERE id = \$1 LIMIT \$2$/),
      values: ['a', run],
    });
    const ids = Array.from({ length: run + 1 }, (_, id) => id);
    expect(page(run, sql`WHERE id IN (${join(ids)})`)).toMatchObject({ values: [...ids, run] });
  }
});

test('more parts than are kept are made each time, and are right', () => {
  for (let run = 0; run < 10; run += 1) {
    const part = sql([`/* ${run} */`]);
    for (const limit of [1, 2]) {
      expect(page(limit, part)).toMatchObject({ text: expect.stringContaining(`/* ${run} */`), values: [limit] });
    }
  }
});

test('a statement that is built beforehand is taken as it is', () => {
  expect(prepare(sql`SELECT ${1}`, [])).toMatchObject({ text: 'SELECT $1', values: [1] });
});
