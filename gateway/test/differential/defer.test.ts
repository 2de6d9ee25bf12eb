/**
 * Answers in parts: what comes when, and where errors and nulls go.
 */
import { expect, test } from 'vitest';
import type { SubgraphResponse } from '../../src/federation/subgraph-client.ts';
import { handmade, type WrittenResult } from './handmade.ts';

const SUBGRAPHS = {
  left: `
    type Thing @key(fields: "id") { id: ID! plain: String box: Box }
    type Box { size: Int weight: Int! }
    type Query { thing: Thing things: [Thing!] sure: Thing! boxes: [Box!] }
    type Mutation { make: Thing }
    type Subscription { made: Thing }`,
  right: 'type Thing @key(fields: "id") { id: ID! name: String must: String! next: Thing }',
  far: 'type Thing @key(fields: "id") { id: ID! price: Int }',
};
const thing = (id: string, more: object = {}) => ({ __typename: 'Thing', id, ...more });
const entities = (...entities: (object | null)[]): SubgraphResponse => ({ data: { _entities: entities } });

type Answers = Record<string, SubgraphResponse | Error | Promise<SubgraphResponse>>;

function answering(answers: Answers) {
  return handmade(SUBGRAPHS, (subgraph) => {
    const answer = answers[subgraph];
    if (!answer || answer instanceof Error) throw answer ?? new Error(`nobody expected ${subgraph}`);
    return answer;
  });
}

async function partsOf(source: string, answers: Answers, variables = {}): Promise<WrittenResult[]> {
  const parts: WrittenResult[] = [];
  for await (const part of answering(answers).runInParts(source, variables)) parts.push(part);
  return parts;
}

const ONE = { left: { data: { thing: thing('1', { plain: 'p' }) } }, right: entities({ name: 'one' }) };

test('what is not deferred comes first, and says that more is to come', async () => {
  const right = Promise.withResolvers<SubgraphResponse>();
  const parts = answering({ ...ONE, right: right.promise }).runInParts('{ thing { plain ... @defer { name } } }');
  expect((await parts.next()).value).toEqual({ data: { thing: { plain: 'p' } }, hasNext: true });
  right.resolve(entities({ name: 'one' }));
  expect((await parts.next()).value).toEqual({
    incremental: [{ data: { name: 'one' }, path: ['thing'] }],
    hasNext: false,
  });
  expect((await parts.next()).done).toBe(true);
});

test('a part is fetched as soon as what it needs is there, while the first answer is still being fetched', async () => {
  const right = Promise.withResolvers<SubgraphResponse>();
  const { runInParts, asked } = answering({ ...ONE, right: right.promise, far: entities({ price: 7 }) });
  const first = runInParts('{ thing { name ... @defer { price } } }').next();
  await expect.poll(() => asked).toContain('far');
  right.resolve(entities({ name: 'one' }));
  expect((await first).value).toEqual({ data: { thing: { name: 'one' } }, hasNext: true });
});

test('a part that is there first does not wait for another', async () => {
  const right = Promise.withResolvers<SubgraphResponse>();
  const parts = answering({ ...ONE, right: right.promise, far: entities({ price: 7 }) }).runInParts(
    '{ thing { id ... @defer { name } ... @defer { price } } }',
  );
  await parts.next();
  expect((await parts.next()).value).toEqual({ incremental: [{ data: { price: 7 }, path: ['thing'] }], hasNext: true });
  right.resolve(entities({ name: 'one' }));
  expect((await parts.next()).value).toEqual({
    incremental: [{ data: { name: 'one' }, path: ['thing'] }],
    hasNext: false,
  });
});

test('a part bears the label that the client gave it', async () => {
  const source = '{ thing { id ...Name @defer(label: "later") } } fragment Name on Thing { name }';
  const [, part] = await partsOf(source, ONE);
  expect(part?.incremental).toEqual([{ data: { name: 'one' }, path: ['thing'], label: 'later' }]);
});

test('in a list, each object has a part of its own with its place', async () => {
  const [first, part] = await partsOf('{ things { id ... @defer { name } } }', {
    left: { data: { things: [thing('1'), thing('2'), thing('1')] } },
    right: entities({ name: 'one' }, { name: 'two' }),
  });
  expect(first).toEqual({ data: { things: [{ id: '1' }, { id: '2' }, { id: '1' }] }, hasNext: true });
  expect(part?.incremental).toEqual([
    { data: { name: 'one' }, path: ['things', 0] },
    { data: { name: 'two' }, path: ['things', 1] },
    { data: { name: 'one' }, path: ['things', 2] },
  ]);
});

test('a part in a part comes after it, or with it', async () => {
  const results = await partsOf('{ thing { id ... @defer { next { id ... @defer { price } } } } }', {
    ...ONE,
    right: entities({ next: thing('2') }),
    far: entities({ price: 2 }),
  });
  expect(results.flatMap(({ incremental = [] }) => incremental)).toEqual([
    { data: { next: { id: '2' } }, path: ['thing'] },
    { data: { price: 2 }, path: ['thing', 'next'] },
  ]);
  expect(results.map(({ hasNext }) => hasNext)).toEqual([...results.slice(1).map(() => true), false]);
});

test('a field that is asked for at once and later is in both parts', async () => {
  const again = { _entities: [{ plain: 'p' }] };
  const [first, part] = await partsOf('{ thing { plain ... @defer { plain name } } }', {
    ...ONE,
    left: { data: { ...ONE.left.data, ...again } },
  });
  expect(first).toEqual({ data: { thing: { plain: 'p' } }, hasNext: true });
  expect(part?.incremental).toEqual([{ data: { plain: 'p', name: 'one' }, path: ['thing'] }]);
});

test('the root may be completed later as well', async () => {
  const results = await partsOf('{ ... @defer { thing { id name } } }', ONE);
  expect(results).toEqual([
    { data: {}, hasNext: true },
    { incremental: [{ data: { thing: { id: '1', name: 'one' } }, path: [] }], hasNext: false },
  ]);
});

test('a condition that is false defers nothing; one that is left out defers', async () => {
  const source = 'query ($later: Boolean) { thing { id ... @defer(if: $later) { name } } }';
  const whole = [{ data: { thing: { id: '1', name: 'one' } } }];
  expect(await partsOf(source, ONE, { later: false })).toEqual(whole);
  expect(await partsOf(source, ONE, { later: true })).toHaveLength(2);
  expect(await partsOf(source, ONE)).toHaveLength(2);
  expect(await partsOf('{ thing { id ... @defer(if: false) { name } } }', ONE)).toEqual(whole);
});

test('whoever takes no parts gets the whole answer', async () => {
  expect(await answering(ONE).run('{ thing { id ... @defer { name } } }')).toEqual({
    data: { thing: { id: '1', name: 'one' } },
  });
});

test('where nothing is left to come, the answer is one', async () => {
  expect(await partsOf('{ thing { id ... @defer { name } } }', { left: { data: { thing: null } } })).toEqual([
    { data: { thing: null } },
  ]);
  expect(await partsOf('{ things { id ... @defer { name } } }', { left: { data: { things: [] } } })).toEqual([
    { data: { things: [] } },
  ]);
});

test('the error of a deferred field is told in its part', async () => {
  const [first, part] = await partsOf('{ things { id ... @defer { name } } }', {
    left: { data: { things: [thing('1'), thing('2')] } },
    right: {
      data: { _entities: [{ name: 'one' }, { name: null }] },
      errors: [{ message: 'broken', path: ['_entities', 1, 'name'] }],
    },
  });
  expect(first?.errors).toBeUndefined();
  expect(part?.incremental).toMatchObject([
    { data: { name: 'one' }, path: ['things', 0] },
    { data: { name: null }, path: ['things', 1], errors: [{ message: 'broken', path: ['things', 1, 'name'] }] },
  ]);
  expect(part?.incremental?.[0]?.errors).toBeUndefined();
});

test('a subgraph that does not answer costs its part alone', async () => {
  const [first, part] = await partsOf('{ thing { plain ... @defer { name } } }', { ...ONE, right: new Error('down') });
  expect(first).toEqual({ data: { thing: { plain: 'p' } }, hasNext: true });
  expect(part).toMatchObject({
    incremental: [{ data: { name: null }, path: ['thing'], errors: [{ message: 'down', path: ['thing', 'name'] }] }],
    hasNext: false,
  });
});

test('a null that may not stand goes up to its part and no further', async () => {
  const [first, part] = await partsOf('{ thing { plain ... @defer { name must } } }', {
    ...ONE,
    right: entities({ name: 'one', must: null }),
  });
  expect(first?.data).toEqual({ thing: { plain: 'p' } });
  expect(part).toMatchObject({
    incremental: [{ data: null, path: ['thing'], errors: [{ path: ['thing', 'must'] }] }],
    hasNext: false,
  });
});

test('what is deferred but comes with the first fetch is still told, and failed, in its part', async () => {
  const source = '{ thing { id box { size ... @defer { weight } } } }';
  const box = { size: 1, weight: null };
  const results = await partsOf(source, { left: { data: { thing: thing('1', { box }) } } });
  expect(results).toMatchObject([
    { data: { thing: { id: '1', box: { size: 1 } } }, hasNext: true },
    {
      incremental: [{ data: null, path: ['thing', 'box'], errors: [{ path: ['thing', 'box', 'weight'] }] }],
      hasNext: false,
    },
  ]);
  expect(results[0]?.errors).toBeUndefined();
});

test('a part that is null ends what was to complete it', async () => {
  const results = await partsOf('{ thing { id ... @defer { must next { id ... @defer { price } } } } }', {
    ...ONE,
    right: entities({ must: null, next: thing('2') }),
    far: entities({ price: 2 }),
  });
  expect(results.flatMap(({ incremental = [] }) => incremental)).toMatchObject([{ data: null, path: ['thing'] }]);
  expect(results.at(-1)?.hasNext).toBe(false);
});

test('an entity that its subgraph does not show: its part is null, with an error if something must be there', async () => {
  const answers = { ...ONE, right: entities(null) };
  const [, free] = await partsOf('{ thing { id ... @defer { name } } }', answers);
  expect(free?.incremental).toEqual([{ data: { name: null }, path: ['thing'] }]);
  const [, strict] = await partsOf('{ thing { id ... @defer { must } } }', answers);
  expect(strict?.incremental).toMatchObject([{ data: null, path: ['thing'], errors: [{ path: ['thing', 'must'] }] }]);
});

test('whoever reads no further ends what is under way', async () => {
  let signal: AbortSignal | undefined;
  const { runInParts } = handmade(SUBGRAPHS, (subgraph, _request, given) => {
    if (subgraph === 'left') return ONE.left;
    signal = given;
    if (subgraph === 'right') return ONE.right;
    return new Promise((_resolve, reject) => given.addEventListener('abort', () => reject(new Error('gone'))));
  });
  const parts = runInParts('{ thing { id ... @defer { name } ... @defer { price } } }');
  await parts.next();
  await parts.next();
  expect(signal?.aborted).toBe(false);
  await parts.return();
  expect(signal?.aborted).toBe(true);
});

test.each([
  ['mutation { ... @defer { make { id } } }', 'root type Mutation'],
  ['subscription { made { id ... @defer { name } } }', 'not supported on subscription'],
  ['subscription { ... @defer(if: false) { made { id } } }', 'root type Subscription'],
  ['{ thing { ... @defer(label: "a") { id } ... @defer(label: "a") { name } } }', 'must be unique'],
  ['query ($l: String) { thing { ... @defer(label: $l) { id } } }', 'must be a static string'],
  ['{ thing @defer { id } }', 'may not be used on FIELD'],
])('%s is not valid', async (source, reason) => {
  await expect(partsOf(source, {})).rejects.toThrow(reason);
});

test('a subscription is refused when a variable says that something of it is deferred', async () => {
  const source = 'subscription ($later: Boolean!) { made { id ... @defer(if: $later) { name } } }';
  await expect(partsOf(source, {}, { later: true })).rejects.toThrow('not supported on subscription');
});

test('an error in what is deferred is told at once where nothing is left that it could be told in', async () => {
  const left = {
    data: { thing: thing('1', { box: { size: null } }) },
    errors: [{ message: 'broken', path: ['thing', 'box', 'size'] }],
  };
  const results = await partsOf('{ thing { must box { ... @defer { size } } } }', { left, right: entities(null) });
  expect(results).toMatchObject([{ data: { thing: null }, errors: [{ path: ['thing', 'box', 'size'] }] }]);
});

test('elements that are lost with another one of their list have its error', async () => {
  const answers: SubgraphResponse[] = [
    { data: { boxes: [{ __typename: 'Box' }, { __typename: 'Box' }] } },
    { data: { boxes: null }, errors: [{ message: 'broken', path: ['boxes', 0, 'weight'] }] },
  ];
  const { runInParts } = handmade(SUBGRAPHS, () => answers.shift() ?? expect.fail('nothing more is to be asked'));
  const source = '{ boxes { __typename } ... @defer { boxes { ... @defer { weight } } } }';
  const told: unknown[] = [];
  for await (const { incremental = [] } of runInParts(source, {})) {
    for (const { data, path, errors } of incremental) told.push([path, data, errors?.map((error) => error.path)]);
  }
  expect(told).toEqual([
    [[], { boxes: [{}, {}] }, undefined],
    [['boxes', 0], null, [['boxes', 0, 'weight']]],
    [['boxes', 1], null, [['boxes', 0, 'weight']]],
  ]);
});

test('below the root, an answer to a mutation may come in parts', async () => {
  const results = await partsOf('mutation { make { id ... @defer { name } } }', {
    left: { data: { make: thing('1') } },
    right: entities({ name: 'one' }),
  });
  expect(results).toEqual([
    { data: { make: { id: '1' } }, hasNext: true },
    { incremental: [{ data: { name: 'one' }, path: ['make'] }], hasNext: false },
  ]);
});
