import { createLogger, createMetrics } from '@lyceum/service-kit';
import { expect, test } from 'vitest';
import type { PlanOutcome } from '../plan/plan-operation.ts';
import { createPlanCache } from '../plan-cache.ts';
import { buildSupergraph } from './build-supergraph.ts';
import { smallSupergraph } from './small-supergraph.fixture.ts';
import { createSupergraphMetrics } from './supergraph-metrics.ts';
import { warmPlans } from './warm-plans.ts';

const supergraph = buildSupergraph(smallSupergraph());
const log = createLogger('test', { level: 'silent' });
const OPERATIONS = Array.from({ length: 20 }, (_, n) => ({ source: `{ viewer { n${n}: id } }`, operationName: null }));

function warming(prepare: (planned: number) => void, { maxMs = 60_000, signal = new AbortController().signal } = {}) {
  const outcome: PlanOutcome = { ok: false, errors: [] };
  let planned = 0;
  const plans = createPlanCache({
    maxEntries: 100,
    maxSourceLength: 10_000,
    prepare: () => {
      planned += 1;
      prepare(planned);
      return outcome;
    },
  });
  const registry = createMetrics('test');
  const metrics = createSupergraphMetrics(registry);
  const running = warmPlans({ plans, supergraph, operations: OPERATIONS, maxMs, signal, metrics, log });
  return { running, plans, planned: () => planned, metrics: () => registry.registry.metrics() };
}

test('plans are made before a supergraph serves, other work runs in between, and metrics tell how far it is', async () => {
  const { running, plans, planned, metrics } = warming(() => {});
  let turns = 0;
  let told = '';
  while (planned() < OPERATIONS.length) {
    await new Promise((done) => setImmediate(done));
    turns += 1;
    if (planned() === 5) told = await metrics();
  }
  await running;
  expect(turns).toBeGreaterThanOrEqual(OPERATIONS.length);
  expect(told).toMatch(/lyceum_gateway_plans_to_warm\{[^}]*\} (15|16)/);
  expect(await metrics()).toMatch(/lyceum_gateway_plans_to_warm\{[^}]*\} 0/);
  expect(plans.size(supergraph)).toBe(OPERATIONS.length);
});

test('an operation that cannot be planned is left to its callers', async () => {
  const { running, planned } = warming((n) => {
    if (n === 3) throw new Error('cannot be planned');
  });
  await running;
  expect(planned()).toBe(OPERATIONS.length);
});

test('a switch waits for plans no longer than it may, and not at all when the gateway closes', async () => {
  const late = warming(() => {}, { maxMs: 0 });
  await late.running;
  expect(late.planned()).toBeLessThan(OPERATIONS.length);
  const closed = warming(() => {}, { signal: AbortSignal.abort() });
  await closed.running;
  expect(closed.planned()).toBe(0);
});
