/**
 * A supergraph replaced every second while requests come in, and a file in between that is no supergraph.
 *
 * Every answer is compared with what it must be. Some operations take longer than the time between two swaps.
 */
import { rename, writeFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { sleep, supergraphVersion } from '@lyceum/service-kit';
import type { Scenario } from '../scenario.ts';
import { createGatewayClient, type GatewayClient } from '../support/gateway-client.ts';
import { startGateway } from '../support/gateway-process.ts';
import { harbourEdition, SHIPS, serveHarbour } from '../support/harbour.ts';
import { serveKeys } from '../support/keys.ts';

const EVERY_MS = 1_000;
/** Every so many files, one is broken. */
const BROKEN_EVERY = 5;
const CLIENTS = 20;
const SLOW_CLIENTS = 2;
const SLOW_MS = 1_700;

const FIELDS = ['flag', 'tons', 'dues', 'berth'] as const;
type Field = (typeof FIELDS)[number];

/** Each set of fields, and what it answers. */
const OPERATIONS = Array.from({ length: 2 ** FIELDS.length }, (_, bits) => {
  const fields: readonly Field[] = FIELDS.filter((_field, at) => bits & (1 << at));
  const selection = `{ id ${fields.join(' ')} }`;
  return {
    selection,
    ships: SHIPS.map((ship) => Object.fromEntries([['id', ship.id], ...fields.map((f) => [f, ship[f]])])),
  };
});

/** A machine that is busy with other things may take longer than the second. */
const SWAP_MS = 10_000;

interface Tally {
  answered: number;
  readonly failures: string[];
  slowestMs: number;
}

export const supergraphSwap: Scenario = {
  name: 'supergraph-swap',
  promise: 'A supergraph that is replaced every second under load costs no request; a broken one changes nothing.',
  async run(chaos) {
    const swaps = chaos.quick ? 15 : 60;
    const keys = chaos.own(await serveKeys(), (k) => k.close());
    const harbour = chaos.own(await serveHarbour(), (h) => h.close());
    const gateway = chaos.own(
      await startGateway({
        folder: chaos.folder,
        supergraph: harbourEdition(0, harbour.url),
        policy: '',
        jwksUrl: keys.url,
      }),
      (g) => g.stop(),
    );
    const client = chaos.own(createGatewayClient(gateway.url, CLIENTS + SLOW_CLIENTS + 2), (c) => c.close());
    const stopping = new AbortController();
    const tally: Tally = { answered: 0, failures: [], slowestMs: 0 };
    const clients = [
      ...Array.from({ length: CLIENTS }, (_, n) => keepAsking(client, stopping.signal, tally, n, 'ships', 0)),
      ...Array.from({ length: SLOW_CLIENTS }, (_, n) =>
        keepAsking(client, stopping.signal, tally, n, `ships: late(ms: ${SLOW_MS})`, SLOW_MS),
      ),
    ];

    const seen = { served: 0, refused: 0, changedByBroken: 0, slowestSwapMs: 0 };
    let expected = supergraphVersion(harbourEdition(0, harbour.url));
    for (let file = 1; file <= swaps; file += 1) {
      const written = performance.now();
      const broken = file % BROKEN_EVERY === 0;
      const good = harbourEdition(file, harbour.url);
      const text = broken ? `${good.slice(0, 4_000)} # ${file}` : good;
      await writeFile(`${gateway.supergraphFile}.next`, text);
      await rename(`${gateway.supergraphFile}.next`, gateway.supergraphFile);
      if (broken) {
        if (await until(async () => (await client.supergraph()).faults === seen.refused + 1)) seen.refused += 1;
        if ((await client.supergraph()).version !== expected) seen.changedByBroken += 1;
      } else {
        expected = supergraphVersion(text);
        if (await until(async () => (await client.supergraph()).version === expected)) seen.served += 1;
        seen.slowestSwapMs = Math.max(seen.slowestSwapMs, Math.round(performance.now() - written));
      }
      await sleep(Math.max(0, EVERY_MS - (performance.now() - written)));
      if (file % 5 === 0) chaos.say(`${file} files, ${tally.answered} answers, ${tally.failures.length} failures`);
    }
    stopping.abort();
    await Promise.all(clients);

    const broken = Math.floor(swaps / BROKEN_EVERY);
    chaos.check('no request failed', tally.failures.length === 0, tally.failures.slice(0, 3));
    chaos.check('there was load', tally.answered > swaps * CLIENTS, tally.answered);
    chaos.check('every good supergraph served', seen.served === swaps - broken, `${seen.served} of ${swaps - broken}`);
    chaos.check('every broken one was told', seen.refused === broken, `${seen.refused} of ${broken}`);
    chaos.check('none of them changed anything', seen.changedByBroken === 0, seen.changedByBroken);
    return {
      swaps: seen.served,
      refused: seen.refused,
      slowestSwapMs: seen.slowestSwapMs,
      requests: tally.answered,
      failures: tally.failures.length,
      slowestMs: Math.round(tally.slowestMs),
    };
  },
};

/** False if it does not come to that in time. */
async function until(holds: () => Promise<boolean>): Promise<boolean> {
  for (const end = performance.now() + SWAP_MS; performance.now() < end; await sleep(20)) {
    if (await holds()) return true;
  }
  return false;
}

/** One request after the other; each answer must be right. */
async function keepAsking(
  client: GatewayClient,
  stopped: AbortSignal,
  tally: Tally,
  first: number,
  field: string,
  ownMs: number,
): Promise<void> {
  for (let n = first; !stopped.aborted; n += 1) {
    const { selection, ships } = OPERATIONS[n % OPERATIONS.length]!;
    const begun = performance.now();
    try {
      const answer = await client.ask(`{ ${field} ${selection} }`);
      if (!isDeepStrictEqual(answer, { data: { ships } })) throw new Error(JSON.stringify(answer).slice(0, 500));
    } catch (error) {
      tally.failures.push(`${field} ${selection}: ${String(error)}`);
      // A gateway that is gone must not turn into a loop without an end.
      await sleep(100, stopped);
    }
    tally.answered += 1;
    tally.slowestMs = Math.max(tally.slowestMs, performance.now() - begun - ownMs);
  }
}
