/**
 * A subgraph that does not answer, under random operations: what others know is kept, and each field that is lost has an
 * error.
 */
import { parse, visit } from 'graphql';
import { expect, test } from 'vitest';
import type { Answer } from './compare.ts';
import { families } from './families/index.ts';
import { generateOperation } from './generate-operation.ts';
import { handmade } from './handmade.ts';
import { createRandom, hash } from './random.ts';
import { createRig } from './rig.ts';

type Path = readonly (string | number)[];

/** A place in the operation: the path without the positions in lists. */
const fieldAt = (path: Path) => path.filter((part) => typeof part === 'string').join('.');

/** Where the second value is null although the first is not. */
function lost(whole: unknown, rest: unknown, path: Path = []): Path[] {
  if (typeof whole !== 'object' || whole === null) return rest === null && whole !== null ? [path] : [];
  if (typeof rest !== 'object' || rest === null) return [path];
  return Object.entries(whole).flatMap(([key, value]) =>
    lost(value, (rest as Record<string, unknown>)[key], [...path, Array.isArray(whole) ? Number(key) : key]),
  );
}

function changed(whole: unknown, rest: unknown): boolean {
  if (rest === null) return false;
  if (typeof whole !== 'object' || whole === null) return whole !== rest;
  return Object.entries(whole).some(([key, value]) => changed(value, (rest as Record<string, unknown>)[key]));
}

function countFields(source: string): number {
  const fields: string[] = [];
  visit(parse(source), { Field: ({ name }) => void fields.push(name.value) });
  return fields.length;
}

/** Paths that no error tells of: at the field, above it, or below it where the null has come from. */
function unexplained(paths: readonly Path[], { errors = [] }: Answer): Path[] {
  const told = errors.filter(({ extensions }) => !extensions?.unasked).map(({ path }) => fieldAt(path ?? []));
  return paths.filter((path) => {
    const field = fieldAt(path);
    return !told.some((at) => `${at}.`.startsWith(`${field}.`) || `${field}.`.startsWith(`${at}.`) || field === '');
  });
}

test.each(families.map((family) => ({ name: family.name, family })))(
  '$name: whichever subgraph is down, every field that is lost has an error, and nothing else changes',
  async ({ family }) => {
    const rig = createRig(family);
    let losses = 0;
    for (let n = 0; n < 25; n += 1) {
      const operation = generateOperation(rig.schema, createRandom(hash(family.name, n)));
      if (!rig.isValid(operation.source) || operation.source.startsWith('mutation')) continue;
      const whole = await rig.runWithout(operation, n, null);
      for (const down of Object.keys(family.subgraphs)) {
        const rest = await rig.runWithout(operation, n, down);
        const told = `${down} down\n${operation.source}\n${JSON.stringify(operation.variables)}\n${JSON.stringify(rest)}`;
        expect(changed(whole.data, rest.data), told).toBe(false);
        const gone = lost(whole.data, rest.data);
        losses += gone.length;
        expect(unexplained(gone, rest), told).toEqual([]);
        const added = (rest.errors?.length ?? 0) - (whole.errors?.length ?? 0);
        expect(added, told).toBeLessThanOrEqual(4 * countFields(operation.source));
      }
    }
    expect(losses).toBeGreaterThan(0);
  },
);

const CHAIN = {
  list: 'type Thing @key(fields: "id") { id: ID! } type Query { things: [Thing!] }',
  weights: 'type Thing @key(fields: "id") { id: ID! weight(in: String): Int note: String text: String! }',
  prices: `type Thing @key(fields: "id") { id: ID! weight(in: String): Int @external
    price: Int @requires(fields: "weight(in: \\"kg\\")") }`,
};

test('the error of a field that only the plan asks for names the object, by no name of the plan', async () => {
  const { run } = handmade(CHAIN, (subgraph, { query }) => {
    const thing = { __typename: 'Thing' };
    if (subgraph === 'list') return { data: { things: [{ ...thing, id: '1' }] } };
    if (subgraph === 'prices') return { data: { _entities: [{ ...thing, price: 3 }] } };
    const [, name = ''] = /(\w+):weight\(/.exec(query) ?? [];
    return {
      data: { _entities: [{ ...thing, [name]: null, note: 'n' }] },
      errors: [{ message: 'scales', path: ['_entities', 0, name] }],
    };
  });
  const { data, errors } = await run('{ things { note price } }');
  expect(data).toStrictEqual({ things: [{ note: 'n', price: 3 }] });
  expect(errors).toMatchObject([{ message: 'scales', path: ['things', 0], extensions: { unasked: true } }]);
});

test('a fetch without an answer has one error for each of its fields, and for each that needs what it would have told', async () => {
  const { run, asked } = handmade(CHAIN, (subgraph) => {
    if (subgraph === 'weights') throw new Error('down');
    return { data: { things: ['1', '2', '3'].map((id) => ({ __typename: 'Thing', id })) } };
  });
  const { data, errors = [] } = await run('{ things { id note price } }');
  expect(data).toStrictEqual({ things: ['1', '2', '3'].map((id) => ({ id, note: null, price: null })) });
  expect(errors.map(({ path }) => path?.join('.')).sort()).toStrictEqual(['things.0.note', 'things.0.price']);
  expect(asked).toStrictEqual(['list', 'weights']);
  const strict = await run('{ things { text } }');
  expect(strict.data).toStrictEqual({ things: null });
  expect(strict.errors).toHaveLength(1);
});
