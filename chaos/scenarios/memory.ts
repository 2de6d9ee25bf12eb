/**
 * Ten minutes of operations of which no two are the same, then a thousand supergraphs one after the other.
 *
 * The gateway collects its garbage all the time; what its heap never falls below in a stretch of time is what it holds.
 */

import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep, supergraphVersion } from '@lyceum/service-kit';
import type { Chaos, Scenario } from '../scenario.ts';
import { createGatewayClient, type GatewayClient } from '../support/gateway-client.ts';
import { type GatewayProcess, startGateway } from '../support/gateway-process.ts';
import { harbourEdition, SHIPS, serveHarbour } from '../support/harbour.ts';
import { serveKeys } from '../support/keys.ts';

const FULL = { seconds: 600, swaps: 1_000, stretches: 10 };
const QUICK = { seconds: 20, swaps: 20, stretches: 5 };
const CLIENTS = 10;
/** The memory of plans is small, so that it is full before anything is measured. */
const POLICY = 'plans: { maxEntries: 200, warm: 20 }';
const FILLING_OPERATIONS = 400;
/** The first stretches warm code up and are left out. */
const WARM_UP = 2;
const BOUND_MB = 8;
const SWAP_MS = 60_000;

export const memory: Scenario = {
  name: 'memory',
  promise: 'Memory is flat over ten minutes of distinct operations and over 1,000 supergraph swaps.',
  async run(chaos) {
    const { seconds, swaps, stretches } = chaos.quick ? QUICK : FULL;
    const keys = chaos.own(await serveKeys(), (k) => k.close());
    const harbour = chaos.own(await serveHarbour(), (h) => h.close());
    const gateway = chaos.own(
      await startGateway({
        folder: chaos.folder,
        supergraph: harbourEdition(0, harbour.url),
        policy: POLICY,
        jwksUrl: keys.url,
        env: { NODE_OPTIONS: `--expose-gc --import=${join(import.meta.dirname, '../support/collect-garbage.ts')}` },
      }),
      (g) => g.stop(),
    );
    const client = chaos.own(createGatewayClient(gateway.url, CLIENTS + 1), (c) => c.close());

    const operations = { sent: 0, failed: 0 };
    const askWhile = (goesOn: () => boolean) =>
      Promise.all(Array.from({ length: CLIENTS }, () => keepAsking(client, goesOn, operations)));
    await askWhile(() => operations.sent < FILLING_OPERATIONS);
    const byOperations = await watchHeap(chaos, client, 'operations', stretches, async () => {
      const until = performance.now() + (seconds * 1_000) / stretches;
      await askWhile(() => performance.now() < until);
      return `${operations.sent} distinct operations`;
    });
    let edition = 0;
    const bySwaps = await watchHeap(chaos, client, 'swaps', stretches, async () => {
      for (const last = edition + swaps / stretches; edition < last; ) {
        edition += 1;
        await swapTo(gateway, client, harbourEdition(edition, harbour.url));
        await client.ask('{ ships { id dues } }');
      }
      return `${edition} supergraphs`;
    });

    chaos.check('every operation was answered', operations.failed === 0, operations);
    chaos.check(`operations left less than ${BOUND_MB} MB behind`, byOperations.growthMb < BOUND_MB, byOperations);
    chaos.check(`swaps left less than ${BOUND_MB} MB behind`, bySwaps.growthMb < BOUND_MB, bySwaps);
    return {
      operations: operations.sent,
      operationsGrowthMb: byOperations.growthMb,
      swaps: edition,
      swapsGrowthMb: bySwaps.growthMb,
      heldMb: bySwaps.heldMb.at(-1),
    };
  },
};

interface Held {
  /** At the end of each stretch. */
  readonly heldMb: readonly number[];
  /** Of the last stretch over those after the warm-up. */
  readonly growthMb: number;
}

async function watchHeap(
  chaos: Chaos,
  client: GatewayClient,
  what: string,
  stretches: number,
  work: () => Promise<string>,
): Promise<Held> {
  const heldMb: number[] = [];
  for (let stretch = 1; stretch <= stretches; stretch += 1) {
    const done = await work();
    heldMb.push(await heapMegabytes(client));
    chaos.say(`${what} ${stretch}/${stretches}: ${done}, ${heldMb.at(-1)} MB held`);
  }
  const settled = heldMb.slice(WARM_UP, -1);
  const growthMb = (heldMb.at(-1) ?? 0) - Math.min(...settled);
  return { heldMb, growthMb: Math.round(growthMb * 10) / 10 };
}

/** The least over two collections: what is in flight is not held. */
async function heapMegabytes(client: GatewayClient): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 8; look += 1) {
    await sleep(200);
    least = Math.min(least, await client.metric('nodejs_heap_size_used_bytes'));
  }
  return Math.round((least / 2 ** 20) * 10) / 10;
}

/** No two operations are the same. */
async function keepAsking(
  client: GatewayClient,
  goesOn: () => boolean,
  tally: { sent: number; failed: number },
): Promise<void> {
  while (goesOn()) {
    tally.sent += 1;
    const name = `n${tally.sent}`;
    const answer = await client.ask(`query ${name} { ships { id ${name}: flag dues } }`).catch(() => null);
    const { ships } = (answer?.data ?? {}) as { ships?: Record<string, unknown>[] };
    if (ships?.[0]?.[name] !== SHIPS[0]?.flag || answer?.errors) tally.failed += 1;
  }
}

async function swapTo(gateway: GatewayProcess, client: GatewayClient, sdl: string): Promise<void> {
  const version = supergraphVersion(sdl);
  await writeFile(`${gateway.supergraphFile}.next`, sdl);
  await rename(`${gateway.supergraphFile}.next`, gateway.supergraphFile);
  const until = performance.now() + SWAP_MS;
  while ((await client.supergraph()).version !== version) {
    if (performance.now() > until) throw new Error(`the gateway does not serve ${version}`);
    await sleep(10);
  }
}
