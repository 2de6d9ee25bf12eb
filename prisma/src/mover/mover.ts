/**
 * Moves buckets from shard to shard while the system is in use.
 *
 *   announce   the map says that their rows will lie on the target too, and where they count
 *   copy       logical replication brings the rows over and follows their changes
 *   hand over  a few buckets at a time: freeze, catch up, compare, flip (flip.ts)
 *   clear      the replication ends, and rows that count no longer are deleted
 *
 * Every step may be done again, in full or in part: a mover that was killed is started again and goes on. Before the hand
 * over an abort undoes everything; after it, what was handed over stays, and the rest does not move.
 */
import { sleep } from '@lyceum/service-kit';
import type { Buckets } from '../map/placement.ts';
import { mergeRanges, withoutBuckets } from '../map/shard-map.ts';
import { ShardsError } from './errors.ts';
import { flipBuckets } from './flip.ts';
import type { Lines } from './lines.ts';
import { changeMap, type MapLock } from './map-changes.ts';
import { type MoveRecord, noteStep, type Step } from './move-record.ts';
import { chunksOf, type Transfer } from './plan.ts';
import {
  buildIndexes,
  clearBuckets,
  copyProgress,
  dropIndexes,
  type Leg,
  startReplication,
  stopReplication,
} from './replication.ts';

export interface MoveProgress {
  readonly step: Step;
  readonly done: number;
  readonly of: number;
  /** What is counted. */
  readonly unit: 'steps' | 'tables' | 'buckets' | 'rows';
  readonly note?: string;
}

export interface MoveOptions {
  readonly lines: Lines;
  readonly lock: MapLock;
  readonly onProgress: (progress: MoveProgress) => void;
  /** Buckets handed over at once. */
  readonly chunk?: number;
  /** For how long processes may go by an older map: nothing is relied on, and nothing cleared, sooner. */
  readonly graceMs?: number;
}

export interface MoveResult {
  readonly buckets: number;
  readonly rows: number;
  /** The longest that writers were held up. */
  readonly longestFreezeMs: number;
  readonly cleared: number;
}

const CHUNK = 32;
/** Processes look at the map each second, and read by none that is older than a few. */
const GRACE_MS = 8_000;
const POLL_MS = 100;
/** How long a target may do nothing about a copy. */
const IDLE_MS = 60_000;

/** Carries a move out, from its beginning or from where it was left. Throws ShardsError; then it can be run again. */
export async function runMove(move: MoveRecord, o: MoveOptions): Promise<MoveResult> {
  const { lines } = o;
  const legs = legsOf(move);
  await announce(move, o);
  await noteStep(lines, move, 'copy');
  for (const leg of legs) await copy(leg, o);
  await noteStep(lines, move, 'hand over');
  const handed = await handOver(legs, move, o);
  const cleared = await clear(legs, move, o);
  await noteStep(lines, move, 'done');
  return { ...handed, cleared };
}

/** Ends a move where it is: what was handed over stays, what was only copied is deleted again. */
export async function abortMove(move: MoveRecord, o: MoveOptions): Promise<{ readonly cleared: number }> {
  await noteStep(o.lines, move, 'abort');
  const cleared = await clear(legsOf(move), move, o);
  await noteStep(o.lines, move, 'aborted');
  return { cleared };
}

function legsOf({ id, transfers }: MoveRecord): Leg[] {
  const byEnds = Map.groupBy(transfers, ({ source, target }) => `${source} ${target}`);
  return [...byEnds.values()].map((of) => ({
    moveId: id,
    source: of[0]!.source,
    target: of[0]!.target,
    ranges: of.map(({ from, to }) => ({ from, to })),
  }));
}

/** What of a transfer still is on its source. */
function remaining(lines: Lines, { source, from, to }: Pick<Transfer, 'source' | 'from' | 'to'>): Buckets[] {
  return lines.map.ranges
    .filter(({ shard }) => shard === source)
    .map((range) => ({ from: Math.max(range.from, from), to: Math.min(range.to, to) }))
    .filter((part) => part.from <= part.to);
}

/** From now on rows of these buckets do not count on the target, unless it serves them. */
async function announce(move: MoveRecord, { lines, lock, onProgress, graceMs = GRACE_MS }: MoveOptions): Promise<void> {
  onProgress({ step: 'announce', done: 0, of: 1, unit: 'steps' });
  const wanted = move.transfers.flatMap((transfer) =>
    remaining(lines, transfer).map((part) => ({ ...part, shard: transfer.target })),
  );
  const known = JSON.stringify(mergeRanges(lines.map.residue));
  const residue = mergeRanges([...lines.map.residue, ...wanted]);
  if (JSON.stringify(residue) !== known) {
    await lock.assertHeld();
    await changeMap(lines, (map) => ({ ...map, residue }));
  }
  // Also after a crash, which may have come before everybody had heard of it.
  if (wanted.length > 0) await sleep(graceMs);
}

async function copy(leg: Leg, { lines, onProgress }: MoveOptions): Promise<void> {
  const isLeft = leg.ranges.some((range) => remaining(lines, { ...range, source: leg.source }).length > 0);
  if (!isLeft) return;
  const note = `${leg.source} → ${leg.target}`;
  onProgress({ step: 'copy', done: 0, of: 1, unit: 'tables', note });
  await buildIndexes(lines, leg.source);
  await buildIndexes(lines, leg.target);
  await startReplication(lines, leg);
  for (let workedAt = performance.now(); ; ) {
    const { tables, ready, isAtWork } = await copyProgress(lines, leg);
    if (isAtWork) workedAt = performance.now();
    if (performance.now() - workedAt > IDLE_MS) {
      throw new ShardsError(
        `${leg.target} has had no process for the copy for a minute: raise max_logical_replication_workers and max_worker_processes there, and run the command again.`,
      );
    }
    onProgress({ step: 'copy', done: ready, of: tables, unit: 'tables', note });
    if (tables > 0 && ready === tables) return;
    await sleep(POLL_MS);
  }
}

async function handOver(
  legs: readonly Leg[],
  move: MoveRecord,
  { lines, lock, onProgress, chunk = CHUNK }: MoveOptions,
): Promise<Omit<MoveResult, 'cleared'>> {
  const of = move.transfers.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  const left = legs.flatMap((leg) =>
    chunksOf(
      leg.ranges.flatMap((range) => remaining(lines, { ...range, source: leg.source })),
      chunk,
    ).map((buckets) => ({ leg, buckets })),
  );
  let done = of - left.reduce((sum, { buckets }) => sum + buckets.to - buckets.from + 1, 0);
  const result = { buckets: of, rows: 0, longestFreezeMs: 0 };
  for (const { leg, buckets } of left) {
    onProgress({ step: 'hand over', done, of, unit: 'buckets', note: `${leg.source} → ${leg.target}` });
    const { frozenMs, rows } = await flipBuckets(lines, lock, leg, buckets);
    result.rows += rows;
    result.longestFreezeMs = Math.max(result.longestFreezeMs, frozenMs);
    done += buckets.to - buckets.from + 1;
  }
  onProgress({ step: 'hand over', done, of, unit: 'buckets' });
  return result;
}

async function clear(
  legs: readonly Leg[],
  move: MoveRecord,
  { lines, lock, onProgress, graceMs = GRACE_MS }: MoveOptions,
): Promise<number> {
  if (move.step !== 'abort') await noteStep(lines, move, 'clear');
  // Before a row is deleted: the deletion must not follow it to the target.
  for (const leg of legs) await stopReplication(lines, leg);
  onProgress({ step: 'clear', done: 0, of: lines.map.residue.length, unit: 'steps' });
  await sleep(graceMs);
  const ends = new Set(legs.flatMap(({ source, target }) => [source, target]));
  const residue = lines.map.residue.filter(({ shard }) => ends.has(shard));
  let cleared = 0;
  for (const [done, { shard, from, to }] of residue.entries()) {
    await lock.assertHeld();
    cleared += await clearBuckets(lines, shard, { from, to });
    onProgress({ step: 'clear', done: done + 1, of: residue.length, unit: 'steps' });
  }
  if (residue.length > 0) {
    await changeMap(lines, (map) => ({
      ...map,
      residue: residue.reduce(
        (rest, range) => [
          ...rest.filter(({ shard }) => shard !== range.shard),
          ...withoutBuckets(
            rest.filter(({ shard }) => shard === range.shard),
            range,
          ),
        ],
        map.residue as MoveResidue,
      ),
    }));
  }
  for (const shard of ends) await dropIndexes(lines, shard);
  return cleared;
}

type MoveResidue = Lines['map']['residue'];
