/**
 * Plans distinct operations and replaces supergraphs, and prints as one JSON object how much memory stays behind.
 *
 * `node --expose-gc gateway/test/memory/measure.ts [--documents N] [--swaps N]`. The first of each are left out: they fill caches that are bounded, and warm code up.
 */
import { parseArgs } from 'node:util';
import { createLogger, createMetrics } from '@lyceum/service-kit';
import { createPlanCache } from '../../src/federation/plan-cache.ts';
import { openSupergraph } from '../../src/federation/supergraph/open-supergraph.ts';
import { prepareSupergraph } from '../../src/federation/supergraph/prepare-supergraph.ts';
import { createSupergraphMetrics } from '../../src/federation/supergraph/supergraph-metrics.ts';
import { buildGraph } from '../differential/graph.ts';
import { createRandom } from '../differential/random.ts';

const { values } = parseArgs({
  options: { documents: { type: 'string', default: '10000' }, swaps: { type: 'string', default: '1000' } },
});
const DOCUMENTS = { first: 1_000, measured: Number(values.documents) };
const SWAPS = { first: 50, measured: Number(values.swaps) };
const WARM = 2;
const MAX_TOKENS = 10_000;

/** Small, so that a swap takes milliseconds: what stays behind stays behind of any graph. */
const graph = buildGraph({
  name: 'harbour',
  subgraphs: {
    fleet: `
      type Ship @key(fields: "id") { id: ID! flag: String! tons: Int captain: Sailor }
      type Sailor @key(fields: "id") { id: ID! name: String }
      type Query { ships: [Ship!]! }`,
    harbour: `
      type Ship @key(fields: "id") { id: ID! berth: Int dues(days: Int = 1): Float! }
      type Sailor @key(fields: "id") { id: ID! leave: [Int]! }`,
  },
});
const random = createRandom(1);
const log = createLogger('memory', { level: 'silent' });
const metrics = createSupergraphMetrics(createMetrics('memory'));
const plans = createPlanCache({ maxEntries: 500, maxSourceLength: 1_000_000 });

let edition = 0;
let changed = () => {};
const served = await openSupergraph({
  sources: [
    {
      kind: 'file',
      read: async () => `${graph.sdl}\n# ${edition}\ntype Edition${edition} @join__type(graph: FLEET) { id: ID }\n`,
      watch(wake) {
        changed = wake;
      },
      close() {},
    },
  ],
  prepare: prepareSupergraph({
    plans,
    operations: (serving) => (serving ? plans.recent(serving, WARM) : []),
    policy: { current: { plans: { warmMs: 10_000 } } },
    metrics,
    log,
  }),
  metrics,
  log,
});
served.onReplaced((old) => plans.forget(old));

const SELECTIONS = ['flag tons', 'captain { name leave }', 'berth', 'captain { id }', 'tons berth captain { leave }'];

let asked = 0;
async function planOperations(count: number): Promise<void> {
  for (const last = asked + count; asked < last; asked += 1) {
    const source = `query Ships${asked} { ships { dues${asked}: dues(days: ${asked}) ${random.pick(SELECTIONS)} } }`;
    const outcome = await plans.lookup(served.current, source, null, MAX_TOKENS).plan();
    if (!outcome.ok) throw outcome.errors[0];
    outcome.planned.compiledFor({});
  }
}

async function swap(count: number): Promise<void> {
  for (const last = edition + count; edition < last; ) {
    const { version } = served.current;
    edition += 1;
    changed();
    while (served.current.version === version) {
      if (served.status.faults > 0) throw new Error('the supergraph does not load');
      await new Promise((done) => setImmediate(done));
    }
  }
}

async function heldMegabytes(): Promise<number> {
  for (let round = 0; round < 4; round += 1) {
    await new Promise((done) => setTimeout(done, 10));
    globalThis.gc?.();
  }
  return process.memoryUsage().heapUsed / 2 ** 20;
}

async function growth(work: (count: number) => Promise<void>, { first, measured }: typeof SWAPS): Promise<number> {
  await work(first);
  const before = await heldMegabytes();
  await work(measured);
  return Math.round(((await heldMegabytes()) - before) * 100) / 100;
}

const begun = performance.now();
const documents = await growth(planOperations, DOCUMENTS);
const planned = performance.now();
const swaps = await growth(swap, SWAPS);
const ended = performance.now();
await served.close();
console.log(
  JSON.stringify({
    documentsGrowthMb: documents,
    swapsGrowthMb: swaps,
    heldMb: Math.round(await heldMegabytes()),
    documentsSeconds: Math.round((planned - begun) / 1_000),
    swapsSeconds: Math.round((ended - planned) / 1_000),
  }),
);
