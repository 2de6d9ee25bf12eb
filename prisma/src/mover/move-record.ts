/**
 * The record of a move, on the home shard: what was asked for, and how far it is in words. How far it is in truth, the
 * shard map and the databases say, so that a mover that was killed goes on from wherever it was.
 */
import { z } from 'zod';
import { newId, randomBucket } from '../ids.ts';
import { ShardsError } from './errors.ts';
import { bounded, type Lines } from './lines.ts';
import type { Transfer } from './plan.ts';

const bucket = z.number().int().min(0).max(4095);
const Plan = z.strictObject({
  transfers: z.array(z.strictObject({ source: z.string(), target: z.string(), from: bucket, to: bucket })).min(1),
});

export const STEPS = ['announce', 'copy', 'hand over', 'clear', 'done', 'abort', 'aborted'] as const;
export type Step = (typeof STEPS)[number];

export interface MoveRecord {
  readonly id: string;
  readonly step: Step;
  readonly transfers: readonly Transfer[];
  readonly startedAt: Date;
}

/** Null if none is under way. */
export async function readMove(lines: Lines): Promise<MoveRecord | null> {
  const { rows } = await bounded(lines.pool(lines.home)).query<{
    id: string;
    state: string;
    plan: unknown;
    started_at: Date;
  }>('SELECT id, state, plan, started_at FROM shard_move WHERE finished_at IS NULL');
  const row = rows[0];
  if (!row) return null;
  return { id: row.id, step: row.state as Step, transfers: Plan.parse(row.plan).transfers, startedAt: row.started_at };
}

/** Throws if a move is under way. */
export async function beginMove(lines: Lines, transfers: readonly Transfer[]): Promise<MoveRecord> {
  const running = await readMove(lines);
  if (running) {
    throw new ShardsError(
      `A move of ${lines.domain} is under way since ${running.startedAt.toISOString()} (${running.step}). Finish it (lyceum shards resume) or abort it (lyceum shards abort).`,
    );
  }
  const id = newId(randomBucket());
  const startedAt = new Date();
  await lines
    .pool(lines.home)
    .query(`INSERT INTO shard_move (id, state, plan, started_at, updated_at) VALUES ($1, 'announce', $2, $3, $3)`, [
      id,
      JSON.stringify({ transfers }),
      startedAt,
    ]);
  return { id, step: 'announce', transfers, startedAt };
}

export async function noteStep(lines: Lines, { id }: MoveRecord, step: Step): Promise<void> {
  await lines
    .pool(lines.home)
    .query(
      `UPDATE shard_move SET state = $2, updated_at = now(), finished_at = CASE WHEN $3 THEN now() END WHERE id = $1`,
      [id, step, step === 'done' || step === 'aborted'],
    );
}
