/**
 * Explains the hot statements of one domain on every shard, as they are planned without knowing their parameters.
 */
import type { DatabaseUrls } from '@lyceum/database';
import pg from 'pg';
import { Failure, reasonOf } from '../../failure.ts';
import type { DomainShards } from '../domain-shards.ts';
import { type LargeScan, largeScans, type PlanNode, type TableSize } from './plan.ts';
import { ensureStatementStatistics, hottest, mergeStatements, readStatements, type Statement } from './statements.ts';

const TIMEOUT_MS = 10_000;

export interface ExplainOptions {
  readonly minRows: number;
  readonly limit: number;
}

export interface ShardPlan {
  readonly shard: string;
  readonly plan: PlanNode;
  readonly scans: readonly LargeScan[];
}

export interface Explained {
  readonly statement: Statement;
  readonly plans: readonly ShardPlan[];
  /** Why a shard could not explain it; null where all did. */
  readonly skipped: string | null;
}

export async function explainDomain({ domain, urls }: DomainShards, o: ExplainOptions): Promise<Explained[]> {
  const statements = hottest(await readEverywhere(domain, urls), o);
  const explained = statements.map((statement) => ({
    statement,
    plans: [] as ShardPlan[],
    skipped: null as string | null,
  }));
  for (const [shard, { primary }] of Object.entries(urls)) {
    await withClient(primary, `${domain} on ${shard}`, async (client) => {
      const sizes = await readSizes(client);
      for (const each of explained) {
        const plan = await explain(client, each.statement.text);
        if (typeof plan === 'string') each.skipped ??= plan;
        else each.plans.push({ shard, plan, scans: largeScans(plan, sizes, o.minRows) });
      }
    });
  }
  return explained;
}

async function readEverywhere(domain: string, urls: DatabaseUrls): Promise<Statement[]> {
  const lists: Statement[][] = [];
  for (const [shard, { primary, replicas }] of Object.entries(urls)) {
    const place = `${domain} on ${shard}`;
    await withClient(primary, place, async (client) => {
      await ensureStatementStatistics(client, place);
      lists.push(await readStatements(client, place));
    });
    for (const replica of replicas) {
      const standby = `A replica of ${place}`;
      lists.push(await withClient(replica, standby, (client) => readStatements(client, standby)));
    }
  }
  return mergeStatements(lists);
}

/** Or why it cannot be explained. The simple protocol: its parameters stay unknown. */
async function explain(client: pg.Client, text: string): Promise<PlanNode | string> {
  try {
    const { rows } = await client.query(`EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${text}`);
    return rows[0]['QUERY PLAN'][0].Plan;
  } catch (error) {
    return reasonOf(error);
  }
}

/** By the statistics of the planner, or of the collector where it has newer ones. */
async function readSizes(client: pg.Client): Promise<Map<string, TableSize>> {
  const { rows } = await client.query<{ name: string } & TableSize>(
    `SELECT c.relname AS name, coalesce(r.relname, c.relname) AS table,
       greatest(c.reltuples, pg_stat_get_live_tuples(c.oid), 0)::float8 AS rows,
       (SELECT array_agg(a.attname::text) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0) AS columns
     FROM pg_class c LEFT JOIN pg_class r ON c.relispartition AND r.oid = pg_partition_root(c.oid)
     WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace`,
  );
  return new Map(rows.map(({ name, ...size }) => [name, size]));
}

async function withClient<T>(url: string, place: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'lyceum-explain',
    connectionTimeoutMillis: TIMEOUT_MS,
    statement_timeout: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
  });
  client.on('error', () => {});
  try {
    await client.connect().catch((error: unknown) => {
      throw new Failure(`${place} does not answer (${reasonOf(error)}).`);
    });
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}
