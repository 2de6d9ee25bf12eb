/**
 * What is measured: each phase begins with a gateway that has just started, so that none inherits another's memory.
 */
import { isDeepStrictEqual } from 'node:util';
import type { BenchOptions } from '../options.ts';
import { median } from '../statistics.ts';
import { expectedData } from './graph/operations.ts';
import type { Heard } from './load/audience.ts';
import type { SlowReaderEnd } from './load/slow-reader.ts';
import type { Memory } from './memory-probe.ts';
import type { Participant } from './participants.ts';
import type { Rig, Running, Shares } from './rig.ts';

/** Events delivered in all, however many sockets there are. */
export const EVENTS_PER_SECOND = 1_000;
export const FEW = 100;
export const MANY = 10_000;
export const MANY_IN_QUICK = 1_000;
const FAN_OUT = 1_000;
/** What runs for the first time is not fast yet, in the subgraphs and at the clients either. */
const WARM_SECONDS = 10;
/** Events that somebody has not heard yet: the gateway always has the next at hand. */
const AT_A_TIME = 8;
const MEMORY_EACH_MS = 100;

export interface Delivery {
  readonly sockets: number;
  /** The median of the rounds, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly eventsPerSecond: number;
  readonly lost: number;
  readonly repeated: number;
  readonly rounds: readonly Heard[];
  readonly shares: Shares;
  /** In kilobytes for each socket, beyond the idle process. */
  readonly residentKb: number;
  readonly heldKb: number;
}

export interface FanOut {
  readonly sockets: number;
  readonly eventsPerSecond: number;
  readonly framesPerSecond: number;
  readonly cpuMicrosecondsPerFrame: number;
  readonly lost: number;
  readonly p99: number;
  readonly shares: Shares;
}

export interface SlowReading {
  /** Memory beyond that of a round in which all is read, at its peak; the median of the pairs. */
  readonly growthMb: number;
  /** The p99 of the others over that of the round in which all is read; the median of the pairs. */
  readonly p99Ratio: number;
  readonly pairs: readonly { readonly reads: SlowRound; readonly stops: SlowRound }[];
}
interface SlowRound {
  readonly p99: number;
  readonly peakMb: number;
  readonly lost: number;
  readonly reader: SlowReaderEnd;
}

/** Null where it was not measured; `failures` says why. */
export interface Row {
  readonly id: string;
  readonly title: string;
  few: Delivery | null;
  many: Delivery | null;
  fanOut: FanOut | null;
  slow: SlowReading | null;
  readonly failures: string[];
}

/** Everyone follows something else. The idle process has served a few, and serves nobody. */
export async function measureDelivery(
  rig: Rig,
  participant: Participant,
  sockets: number,
  { rounds, seconds }: BenchOptions,
): Promise<Delivery> {
  return await withGateway(rig, participant, async (gateway) => {
    await openAudience(rig, gateway, { sockets: FEW, shares: false });
    await rig.ask('measure', { perSecond: EVENTS_PER_SECOND, seconds: 1 });
    await rig.ask('close', {});
    const idle = await settledMemory(gateway);
    await openAudience(rig, gateway, { sockets, shares: false });
    const live = await gateway.memory();
    await rig.ask('measure', { perSecond: EVENTS_PER_SECOND, seconds: WARM_SECONDS });
    const { result: heard, shares } = await rig.watch(async () => {
      const all: Heard[] = [];
      for (let round = 0; round < rounds; round += 1) {
        all.push(await rig.ask('measure', { perSecond: EVENTS_PER_SECOND, seconds }));
      }
      return all;
    });
    refuseFailures(heard);
    const perSocket = (of: keyof Memory) => (live[of] - idle[of]) / 1_024 / sockets;
    return {
      ...{ sockets, shares, rounds: heard, residentKb: perSocket('resident'), heldKb: perSocket('held') },
      p50: median(heard.map(({ p50 }) => p50)),
      p99: median(heard.map(({ p99 }) => p99)),
      eventsPerSecond: median(heard.map((round) => round.frames / round.seconds)),
      lost: heard.reduce((sum, { lost }) => sum + lost, 0),
      repeated: heard.reduce((sum, { repeated }) => sum + repeated, 0),
    };
  });
}

/** All follow the same, and nothing in it depends on who asks. */
export async function measureFanOut(
  rig: Rig,
  participant: Participant,
  { rounds, seconds }: BenchOptions,
): Promise<FanOut> {
  return await withGateway(rig, participant, async (gateway) => {
    await openAudience(rig, gateway, { sockets: FAN_OUT, shares: true });
    await rig.ask('fanOut', { seconds: 1, atATime: AT_A_TIME });
    const { result, shares, gatewaySeconds } = await rig.watch(() =>
      rig.ask('fanOut', { seconds: rounds * seconds, atATime: AT_A_TIME }),
    );
    refuseFailures([result]);
    const { frames, lost, p99 } = result;
    const framesPerSecond = frames / result.seconds;
    return {
      ...{ sockets: FAN_OUT, lost, p99, shares, framesPerSecond },
      eventsPerSecond: framesPerSecond / FAN_OUT,
      cpuMicrosecondsPerFrame: (gatewaySeconds * 1e6) / frames,
    };
  });
}

/** Rounds in pairs, in one process: a reader of large events reads them, or stops; others are measured both times. */
export async function measureSlowReading(
  rig: Rig,
  participant: Participant,
  { rounds, seconds }: BenchOptions,
): Promise<SlowReading> {
  return await withGateway(rig, participant, async (gateway) => {
    const { port, signedIn } = gateway;
    await openAudience(rig, gateway, { sockets: FEW, shares: false });
    const visit = async (reads: boolean, forSeconds: number): Promise<SlowRound> => {
      await rig.ask('openSlow', { port, signedIn });
      const peakMb = await peakMemoryMb(gateway, rig.ask('flood', { reads }));
      const heard = await rig.ask('measure', { perSecond: EVENTS_PER_SECOND, seconds: forSeconds });
      refuseFailures([heard]);
      return { p99: heard.p99, lost: heard.lost, peakMb, reader: await rig.ask('endSlow', {}) };
    };
    await visit(true, 1);
    const pairs: { reads: SlowRound; stops: SlowRound }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      // Each goes first in turn.
      const first = await visit(round % 2 === 0, seconds);
      const second = await visit(round % 2 === 1, seconds);
      pairs.push(round % 2 === 0 ? { reads: first, stops: second } : { reads: second, stops: first });
    }
    return {
      growthMb: median(pairs.map(({ reads, stops }) => stops.peakMb - reads.peakMb)),
      p99Ratio: median(pairs.map(({ reads, stops }) => stops.p99 / reads.p99)),
      pairs,
    };
  });
}

async function withGateway<T>(rig: Rig, participant: Participant, use: (gateway: Running) => Promise<T>): Promise<T> {
  const gateway = await rig.start(participant);
  try {
    return await use(gateway);
  } catch (error) {
    const said = gateway.lastWords();
    throw said ? new Error(`${error instanceof Error ? error.message : error}\n${said}`) : error;
  } finally {
    await rig.ask('close', {});
    await gateway.stop();
  }
}

/** Throws if an event did not become what it should. */
async function openAudience(
  rig: Rig,
  { port, signedIn }: Running,
  { sockets, shares }: { sockets: number; shares: boolean },
): Promise<void> {
  const sample = await rig.ask('open', { port, signedIn, sockets, shares });
  const { data } = (JSON.parse(sample) as { payload: { data: Record<string, { sequence: number }> } }).payload;
  const field = shares ? 'shopChanged' : 'orderChanged';
  if (!isDeepStrictEqual(data, expectedData(field, data[field]?.sequence ?? NaN))) {
    throw new Error(`an event is not what it should be: ${sample.slice(0, 400)}`);
  }
}

function refuseFailures(heard: readonly Heard[]): void {
  const failed = heard.find(({ failures }) => failures > 0);
  if (failed) throw new Error(`${failed.failures} failures: ${failed.failure}`);
}

/** Sockets that closed are let go in their own time. */
async function settledMemory(gateway: Running): Promise<Memory> {
  let last = await gateway.memory();
  for (let look = 0; look < 10; look += 1) {
    await pause();
    const next = await gateway.memory();
    if (next.held > last.held * 0.995) return next;
    last = next;
  }
  return last;
}

async function peakMemoryMb(gateway: Running, during: Promise<unknown>): Promise<number> {
  let isOver = false;
  const over = during.finally(() => {
    isOver = true;
  });
  let peak = 0;
  while (!isOver) {
    peak = Math.max(peak, (await gateway.memory()).held);
    await pause();
  }
  await over;
  return peak / 2 ** 20;
}

const pause = () => new Promise((resolve) => setTimeout(resolve, MEMORY_EACH_MS));
