/**
 * Carries moves of buckets out, with progress, and says what came of them.
 */
import {
  abortMove,
  beginMove,
  type Lines,
  type MapLock,
  type MoveProgress,
  type MoveRecord,
  readMove,
  runMove,
  type Transfer,
} from '@lyceum/database/shards';
import { counted, dim, number, say } from '../output.ts';

export interface MoveSettings {
  /** Buckets handed over at once. */
  readonly chunk?: number;
  readonly graceMs?: number;
}

export async function moveBuckets(
  lines: Lines,
  lock: MapLock,
  transfers: readonly Transfer[],
  settings: MoveSettings,
): Promise<void> {
  await finish(lines, lock, await beginMove(lines, transfers), settings);
}

/** Returns false if no move is under way. */
export async function resumeMove(lines: Lines, lock: MapLock, settings: MoveSettings): Promise<boolean> {
  const move = await readMove(lines);
  if (!move) return false;
  // An abort that was cut off is not turned round.
  if (move.step === 'abort') await abort(lines, lock, move, settings);
  else await finish(lines, lock, move, settings);
  return true;
}

/** Returns false if no move is under way. */
export async function abortRunning(lines: Lines, lock: MapLock, settings: MoveSettings): Promise<boolean> {
  const move = await readMove(lines);
  if (move) await abort(lines, lock, move, settings);
  return move !== null;
}

async function finish(lines: Lines, lock: MapLock, move: MoveRecord, settings: MoveSettings): Promise<void> {
  for (const transfer of move.transfers) say(`${lines.domain}  ${describe(transfer)}`);
  const { buckets, rows, longestFreezeMs, cleared } = await runMove(move, {
    lines,
    lock,
    ...settings,
    onProgress: createReporter(lines.domain),
  });
  say(
    `${lines.domain}  moved ${counted(buckets, 'bucket')} with ${counted(rows, 'row')}; writers waited at most ${number(Math.round(longestFreezeMs))} ms; ${counted(cleared, 'row')} cleared away`,
  );
}

async function abort(lines: Lines, lock: MapLock, move: MoveRecord, settings: MoveSettings): Promise<void> {
  const { cleared } = await abortMove(move, { lines, lock, ...settings, onProgress: createReporter(lines.domain) });
  say(`${lines.domain}  aborted; ${counted(cleared, 'row')} cleared away`);
}

export function describe({ source, target, from, to }: Transfer): string {
  return `${source} → ${target}  buckets ${from}–${to} ${dim(`(${counted(to - from + 1, 'bucket')})`)}`;
}

const LINE_EVERY_MS = 1_000;

/** A line for each step, and now and then one within it, on stderr. */
function createReporter(domain: string): (progress: MoveProgress) => void {
  let shown = '';
  let shownAt = 0;
  return ({ step, done, of, unit, note }) => {
    const now = performance.now();
    if (step === shown && now - shownAt < LINE_EVERY_MS && done < of) return;
    shown = step;
    shownAt = now;
    const share = unit === 'steps' ? '' : `  ${number(done)} of ${number(of)} ${unit}`;
    process.stderr.write(`${domain}  ${step}${share}${note ? `  ${note}` : ''}\n`);
  };
}
