/**
 * A subgraph hangs, dies, answers garbage or 1 GB, while people ask for its data together with another's.
 *
 * For each fault: mutations are sent at once, and reach the subgraph no more than once; the other subgraph's data comes
 * within the time-out; the breaker opens, so that nothing more is sent; after the subgraph is mended it closes, and all
 * data is there again.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '@lyceum/local-stack';
import type { Chaos, Scenario } from '../../scenario.ts';
import { startGateway } from '../../support/gateway-process.ts';
import { serveKeys } from '../../support/keys.ts';
import { type Answer, createClient, type GraphClient } from './client.ts';
import { FAULTS, type Fault } from './faults.ts';
import { openShaky, openSteady, type ShakySubgraph, THINGS } from './subgraphs.ts';

const TOTAL_MS = 1_500;
/** The gateway looks at its clock some times a second, and this machine may be busy. */
const MARGIN_MS = 1_000;
const OPEN_MS = 1_000;
/** Of each answer. What lies in the buffers of both ends' sockets comes on top. */
const MAX_RESPONSE_BYTES = 1024 * 1024;
const POLICY = JSON.stringify({
  subgraphs: {
    headersMs: 1_000,
    bodyMs: 1_000,
    totalMs: TOTAL_MS,
    maxResponseBytes: MAX_RESPONSE_BYTES,
    breaker: { failures: 5, openMs: OPEN_MS },
  },
});
const AT_ONCE = 20;

export const subgraphFaults: Scenario = {
  name: 'subgraph-faults',
  promise: 'A broken subgraph costs its own fields in time; its breaker opens and closes; mutations are sent once.',
  async run(chaos) {
    const keys = chaos.own(await serveKeys(), (k) => k.close());
    const steady = chaos.own(await openSteady(), (s) => s.close());
    const shaky = chaos.own(await openShaky(), (s) => s.close());
    const template = await readFile(join(import.meta.dirname, 'supergraph.graphql'), 'utf8');
    const gateway = await startGateway({
      folder: chaos.folder,
      supergraph: template
        .replace('http://steady.invalid/graphql', steady.url)
        .replace('http://shaky.invalid/graphql', shaky.url),
      policy: POLICY,
      jwksUrl: keys.url,
    });
    chaos.own(gateway, (g) => g.stop());
    const client = createClient(gateway);
    const drill = { chaos, client, shaky, slowestMs: 0, answers: 0, mutations: 0 };
    chaos.check('all data is there before anything breaks', isWhole(await client.look(7)));

    for (let round = 0; round < (chaos.quick ? 1 : 4); round += 1) {
      for (const fault of FAULTS) await suffer(fault, drill);
    }
    chaos.check('the gateway is the process that was started', !gateway.exited);
    const { slowestMs, answers, mutations } = drill;
    return { faults: FAULTS.length, answers, mutations, slowest_ms: Math.round(slowestMs), time_out_ms: TOTAL_MS };
  },
};

interface Drill {
  readonly chaos: Chaos;
  readonly client: GraphClient;
  readonly shaky: ShakySubgraph;
  slowestMs: number;
  answers: number;
  mutations: number;
}

async function suffer(fault: Fault, drill: Drill): Promise<void> {
  const { chaos, client, shaky } = drill;
  const check = (promise: string, kept: boolean, seen?: unknown) =>
    chaos.check(`${fault.name}: ${promise}`, kept, kept ? undefined : seen);
  await shaky.breakBy(fault);
  const sentBefore = shaky.sentBytes;

  const ids = Array.from({ length: 3 }, (_, n) => `${fault.name} ${drill.mutations + n}`);
  drill.mutations += ids.length;
  const changes = await Promise.all(ids.map((id) => client.change(id)));
  const arrived = ids.map((id) => shaky.mutations.get(id) ?? 0);
  const wanted = fault.reachable ? 1 : 0;
  check(
    'mutations are sent once',
    arrived.every((times) => times === wanted),
    arrived,
  );
  check(
    'mutations say that they failed',
    changes.every(failedInTime),
    changes.find((a) => !failedInTime(a)),
  );

  for (let round = 0; round < 2; round += 1) {
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => client.look(n)));
    drill.answers += answers.length;
    for (const { ms } of answers) drill.slowestMs = Math.max(drill.slowestMs, ms);
    check(
      'the other data is there in time',
      answers.every(isPartial),
      answers.find((a) => !isPartial(a)),
    );
  }

  check('the breaker opens', (await client.breakerOf('shaky')) !== 'closed', await client.breakerOf('shaky'));
  const late = `${fault.name} while the breaker is open ${drill.mutations}`;
  drill.mutations += 1;
  await client.change(late);
  const times = shaky.mutations.get(late) ?? 0;
  check('a mutation while the breaker is open is sent no more than once', times <= 1, times);
  const sentMb = (shaky.sentBytes - sentBefore) / 1024 ** 2;
  check('what is too large is not read to its end', sentMb < 512, sentMb);

  await shaky.mend();
  const mended = await until(async () => isWhole(await client.look(7)), OPEN_MS + 10_000, 50);
  check('all data is there again after it is mended', mended);
  check('the breaker closes', (await client.breakerOf('shaky')) === 'closed', await client.breakerOf('shaky'));
  const again = await client.change(`${fault.name} mended ${drill.mutations}`);
  drill.mutations += 1;
  check('mutations work again', again.data?.change === 1, again);
}

function isWhole({ data, errors }: Answer): boolean {
  return !errors && data?.echo === 7 && JSON.stringify(data?.things) === JSON.stringify(WITH_NOTES);
}

const WITH_NOTES = THINGS.map(({ id, name }) => ({ id, name, note: 'noted' }));
const WITHOUT_NOTES = THINGS.map(({ id, name }) => ({ id, name, note: null }));

/** One error for each field that is missing, and the rest as if nothing had happened. */
function isPartial({ status, data, errors, ms }: Answer): boolean {
  return (
    status === 200 &&
    ms < TOTAL_MS + MARGIN_MS &&
    data?.echo === null &&
    JSON.stringify(data.things) === JSON.stringify(WITHOUT_NOTES) &&
    errors?.length === 2 &&
    errors.every(({ extensions }) => extensions?.code === 'SUBGRAPH_UNAVAILABLE')
  );
}

function failedInTime({ ms, errors }: Answer): boolean {
  return ms < TOTAL_MS + MARGIN_MS && errors?.length === 1 && errors[0]?.extensions?.code === 'SUBGRAPH_UNAVAILABLE';
}
