/**
 * The first statement of every transaction that writes: it holds off a move of the bucket until the transaction ends, waits
 * while the bucket is handed over, and is refused (isStaleMap) where another shard serves the bucket by then.
 */
import pg from 'pg';
import type { Workload } from '../connections/pools.ts';
import type { Domain } from '../domain.ts';
import type { Shard } from './shard.ts';

export interface Entry {
  /** In ascending order, so that two transactions never wait for each other. */
  readonly buckets: readonly [number, ...number[]];
  /** Of the map that the shard was chosen by. */
  readonly version: number;
  readonly workload: Workload;
}

/** Sets the time limits of the workload, too. */
export function fence<D extends Domain>(shard: Shard<D>, { buckets, version, workload }: Entry): string {
  const limits = shard.limits(workload);
  const name = pg.escapeLiteral(shard.name);
  if (buckets.length === 1) return `SELECT enter_bucket(${buckets[0]}, ${version}, ${name})${limits}`;
  return `SELECT count(enter_bucket(bucket, ${version}, ${name}))${limits} FROM unnest(ARRAY[${buckets}]) AS bucket`;
}
