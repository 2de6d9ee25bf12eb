import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import type { PlanOutcome } from './plan/plan-operation.ts';
import { createPlanCache } from './plan-cache.ts';
import { buildSupergraph } from './supergraph/build-supergraph.ts';

const sdl = await readFile(resolve(import.meta.dirname, '../../../supergraph.graphql'), 'utf8');
const supergraph = buildSupergraph(sdl);
const otherGraph = buildSupergraph(sdl, { users: 'http://users.example.org/graphql' });

const LIMITS = { maxEntries: 100, maxSourceLength: 100_000 };
const MAX_TOKENS = 1_000;
const VIEWER = '{ viewer { displayName streak { currentDays } } }';

/** Plans nothing, slowly, and counts. */
function counting() {
  const counts = { prepared: 0, hits: 0, misses: 0 };
  const outcome: PlanOutcome = { ok: false, errors: [] };
  const cache = createPlanCache({
    ...LIMITS,
    onLookup: (result) => {
      counts[result === 'hit' ? 'hits' : 'misses'] += 1;
    },
    prepare: async () => {
      counts.prepared += 1;
      await new Promise((done) => setImmediate(done));
      return outcome;
    },
  });
  return { cache, counts };
}

test('an operation is planned once, however many ask for it at the same time', async () => {
  const { cache, counts } = counting();
  await Promise.all(Array.from({ length: 50 }, () => cache.lookup(supergraph, VIEWER, null, MAX_TOKENS).plan()));
  await cache.lookup(supergraph, VIEWER, null, MAX_TOKENS).plan();
  expect(counts).toEqual({ prepared: 1, hits: 50, misses: 1 });
});

test('operations of one document, and one operation on two graphs, are planned apart', async () => {
  const { cache, counts } = counting();
  const source = 'query A { viewer { id } } query B { viewer { bio } }';
  await cache.lookup(supergraph, source, 'A', MAX_TOKENS).plan();
  await cache.lookup(supergraph, source, 'B', MAX_TOKENS).plan();
  await cache.lookup(otherGraph, source, 'B', MAX_TOKENS).plan();
  expect(counts.prepared).toBe(3);
});

test('planning that failed unexpectedly is tried again', async () => {
  let tries = 0;
  const cache = createPlanCache({
    ...LIMITS,
    prepare: () => {
      tries += 1;
      throw new Error('out of luck');
    },
  });
  const operation = cache.lookup(supergraph, VIEWER, null, MAX_TOKENS);
  await expect(operation.plan()).rejects.toThrow('out of luck');
  await expect(operation.plan()).rejects.toThrow('out of luck');
  expect(tries).toBe(2);
});

test('the cache keeps within its bounds and drops what was used longest ago', () => {
  const { cache, counts } = counting();
  const small = createPlanCache({ maxEntries: 2, maxSourceLength: 100_000 });
  for (const field of ['id', 'bio', 'id', 'email', 'id'])
    small.lookup(supergraph, `{ viewer { ${field} } }`, null, MAX_TOKENS);
  expect(small.size(supergraph)).toBe(2);
  const narrow = createPlanCache({ maxEntries: 100, maxSourceLength: 50 });
  for (let i = 0; i < 10; i += 1)
    narrow.lookup(supergraph, `{ viewer { id } } # ${i} ${'x'.repeat(20)}`, null, MAX_TOKENS);
  expect(narrow.size(supergraph)).toBe(1);
  expect(cache.size(supergraph)).toBe(0);
  expect(counts.misses).toBe(0);
});

test('what was used a moment ago stays, whatever else comes', () => {
  const { cache, counts } = counting();
  for (let i = 0; i < 3 * LIMITS.maxEntries; i += 1) {
    cache.lookup(supergraph, VIEWER, null, MAX_TOKENS);
    cache.lookup(supergraph, `{ viewer { id } } # ${i}`, null, MAX_TOKENS);
  }
  expect(counts.misses).toBe(1 + 3 * LIMITS.maxEntries);
});

test('one operation asked for with its name and without is planned once', async () => {
  const { cache, counts } = counting();
  await cache.lookup(supergraph, `query Mine ${VIEWER}`, 'Mine', MAX_TOKENS).plan();
  await cache.lookup(supergraph, `query Mine ${VIEWER}`, null, MAX_TOKENS).plan();
  expect(counts.prepared).toBe(1);
});

test('what was planned lately is known, the last used first, and can be planned for the next graph', async () => {
  const { cache, counts } = counting();
  for (const field of ['id', 'bio', 'email']) {
    await cache.lookup(supergraph, `{ viewer { ${field} } }`, null, MAX_TOKENS).plan();
  }
  cache.lookup(supergraph, '{ refused { before planning } }', null, MAX_TOKENS);
  cache.lookup(supergraph, '{ viewer { id } }', null, MAX_TOKENS);
  const recent = cache.recent(supergraph, 2);
  expect(recent.map(({ source }) => source)).toEqual(['{ viewer { id } }', '{ viewer { email } }']);

  const { hits, misses } = counts;
  for (const operation of recent) await cache.warm(otherGraph, operation);
  expect(counts).toMatchObject({ prepared: 5, hits, misses });
  await cache.lookup(otherGraph, '{ viewer { id } }', null, MAX_TOKENS).plan();
  expect(counts).toMatchObject({ prepared: 5, hits: hits + 1, misses });

  cache.forget(supergraph);
  expect([cache.size(supergraph), cache.size(otherGraph)]).toEqual([0, 2]);
});

test('a document that does not say which operation to run is refused', () => {
  const { cache } = counting();
  const source = 'query A { viewer { id } } query B { viewer { bio } }';
  expect(() => cache.lookup(supergraph, source, null, MAX_TOKENS)).toThrow('operationName');
  expect(() => cache.lookup(supergraph, source, 'C', MAX_TOKENS)).toThrow('of that name');
  expect(() => cache.lookup(supergraph, 'fragment F on User { id }', null, MAX_TOKENS)).toThrow('no operation');
});

test('a document with too many tokens is not read to its end', () => {
  const { cache } = counting();
  expect(() => cache.lookup(supergraph, `{ viewer { ${'id '.repeat(2_000)} } }`, null, MAX_TOKENS)).toThrow(
    'Syntax Error',
  );
});

test('a subscription of the real graph is planned as one source and what completes its events', async () => {
  const cache = createPlanCache(LIMITS);
  const source =
    'subscription { progressUpdated { progress { percentage } course { title } learner { displayName } } }';
  const outcome = await cache.lookup(supergraph, source, null, MAX_TOKENS).plan();
  if (!outcome.ok) throw outcome.errors[0];
  const { node } = outcome.planned.plan;
  if (node?.kind !== 'Subscription') throw new Error('not planned as a subscription');
  expect(node.primary.serviceName).toBe('progress');
  const asked = [...JSON.stringify(node.rest).matchAll(/"serviceName":"(\w+)"/g)].map(([, name]) => name);
  expect(asked.sort()).toEqual(['courses', 'users']);
});
