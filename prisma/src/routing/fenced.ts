/**
 * Writes and reads of this package's own tables, past Prisma: under the fence of their bucket, like every write.
 */
import { LyceumError } from '@lyceum/service-kit';
import type pg from 'pg';
import { faultOf } from '../connections/faults.ts';
import type { Workload } from '../connections/pools.ts';
import type { Domain } from '../domain.ts';
import { inPgTransaction } from '../statements/pg-transaction.ts';
import type { RawSql } from '../statements/raw-sql.ts';
import type { Sql } from '../statements/sql.ts';
import { fence } from './fence.ts';
import type { Router } from './router.ts';

export interface Fenced {
  /** A transaction on the primary that serves the bucket, or several that one shard serves. */
  write<T>(buckets: number | readonly number[], work: (client: pg.PoolClient) => Promise<T>): Promise<T>;
  /** One statement on the primary that serves the bucket now. */
  query<Row extends pg.QueryResultRow>(bucket: number, text: string, values: readonly unknown[]): Result<Row>;
  /** One statement that only reads, on any server of the shard that serves the bucket: it may show what was a moment ago. */
  look<Row>(bucket: number, statement: Sql): Promise<Row[]>;
  /** One statement that only reads, on the primary of a shard, whatever it serves. */
  readShard<Row extends pg.QueryResultRow>(shard: string, text: string, values: readonly unknown[]): Result<Row>;
}

/** Of reads, and of transactions. */
export interface Workloads {
  readonly read: Workload;
  readonly write: Workload;
}

type Result<Row extends pg.QueryResultRow> = Promise<pg.QueryResult<Row>>;

export function createFenced<D extends Domain>(router: Router<D>, workloads: Workloads): Fenced {
  const workload = workloads.write;
  const shardOf = (buckets: readonly number[]) => {
    const shards = new Set(buckets.map((bucket) => router.shardOf(bucket)));
    const [shard] = shards;
    if (!shard || shards.size > 1) throw new LyceumError('SERVICE_UNAVAILABLE', 'Buckets were moved apart meanwhile');
    return shard;
  };
  const write: Fenced['write'] = (bucket, work) => {
    const [first, ...others] = [...new Set([bucket].flat())].sort((a, b) => a - b);
    if (first === undefined) throw new Error('Nothing is written to no bucket.');
    const buckets = [first, ...others] as const;
    return router.withMap(
      () => shardOf(buckets),
      async (shard, version) => {
        const begin = `BEGIN; ${fence(shard, { buckets, version, workload })}`;
        try {
          return await inPgTransaction(shard.primary.pool(workload), work, begin);
        } catch (error) {
          throw faultOf(error);
        }
      },
    );
  };
  return {
    write,
    query: (bucket, text, values) => write(bucket, (client) => client.query(text, [...values])),
    async look<Row>(bucket: number, statement: Sql) {
      const { map } = router;
      const reader: Pick<RawSql, '$queryRaw'> = await router
        .shardOf(bucket)
        .reader({ position: null, version: map.version }, workloads.read);
      return reader.$queryRaw<Row[]>(statement);
    },
    readShard: (shard, text, values) =>
      router
        .named(shard)
        .primary.pool(workload)
        .query(text, [...values]),
  };
}
