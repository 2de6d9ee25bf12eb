/**
 * Brings the rows of buckets from one shard to another by logical replication with a row filter: a copy of what is there,
 * and then every change. Each step may be done again.
 */
import type pg from 'pg';
import type { Domain } from '../domain.ts';
import { type Buckets, bucketExpression, conditionOf, movingTables } from '../map/placement.ts';
import { bringUpTo, readShardMap } from '../map/shard-map-store.ts';
import { ShardsError } from './errors.ts';
import type { Lines } from './lines.ts';

export interface Leg {
  readonly moveId: string;
  readonly source: string;
  readonly target: string;
  readonly ranges: readonly Buckets[];
}

/** Names the publication, slot and subscription of a leg. */
function nameOf({ moveId, source, target }: Leg): string {
  return `lyceum_move_${moveId.replaceAll('-', '').slice(-12)}_${source}_${target}`;
}

/** Names the leg in its markers. */
export function legName({ source, target }: Pick<Leg, 'source' | 'target'>): string {
  return `${source} ${target}`;
}

const INDEX_PREFIX = 'lyceum_move_';

interface LeafTable {
  readonly table: string;
  readonly leaf: string;
}

/** The tables that hold rows, partitions instead of what they are partitions of. */
async function leavesOf(lines: Lines, shard: string): Promise<LeafTable[]> {
  const { rows } = await lines.pool(shard).query<LeafTable>(
    `SELECT t.name AS table, coalesce(leaf.relid, t.name::regclass)::text AS leaf
     FROM unnest($1::text[]) WITH ORDINALITY AS t(name, place)
       LEFT JOIN LATERAL pg_partition_tree(t.name::regclass) AS leaf ON true
     WHERE leaf.relid IS NULL OR leaf.isleaf ORDER BY t.place`,
    [movingTables(lines.domain).map(({ table }) => table)],
  );
  return rows;
}

/** So that rows of a bucket are found without reading the tables: for copying, comparing and clearing away. */
export async function buildIndexes(lines: Lines, shard: string): Promise<void> {
  const placements = new Map(movingTables(lines.domain).map(({ table, placement }) => [table, placement]));
  const pool = lines.pool(shard);
  await dropIndexes(lines, shard, { onlyInvalid: true });
  for (const { table, leaf } of await leavesOf(lines, shard)) {
    const placement = placements.get(table)!;
    if (placement.by !== 'id' && placement.by !== 'bucket') continue;
    await pool.query(
      `CREATE INDEX CONCURRENTLY IF NOT EXISTS "${INDEX_PREFIX}${leaf}" ON ${leaf} ((${bucketExpression(placement)}))`,
    );
    await pool.query(`ANALYZE ${leaf}`);
  }
}

export async function dropIndexes(
  lines: Lines,
  shard: string,
  { onlyInvalid = false }: { onlyInvalid?: boolean } = {},
): Promise<void> {
  const { rows } = await lines.pool(shard).query<{ name: string }>(
    `SELECT indexrelid::regclass::text AS name FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
     WHERE starts_with(relname, $1) AND (NOT $2 OR NOT indisvalid)`,
    [INDEX_PREFIX, onlyInvalid],
  );
  for (const { name } of rows) await lines.pool(shard).query(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`);
}

/** Begins to copy and to follow. */
export async function startReplication(lines: Lines, leg: Leg): Promise<void> {
  const [source, target] = [lines.pool(leg.source), lines.pool(leg.target)];
  const name = nameOf(leg);
  const subscription = await target.query('SELECT FROM pg_subscription WHERE subname = $1', [name]);
  const slot = await slotOf(lines, leg);
  if (subscription.rows.length > 0 && slot?.invalidation === null) return;
  // What an earlier try left, perhaps before the source was replaced or gave its slot up, is not the whole: all is begun anew.
  await stopReplication(lines, leg);
  for (const range of uncounted(lines, leg)) await clearBuckets(lines, leg.target, range);
  await source.query(
    `CREATE PUBLICATION ${name} FOR TABLE ${publishedTables(lines.domain, leg, uncounted(lines, leg))}
     WITH (publish_via_partition_root = true)`,
  );
  await source.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [name]);
  // What the marker promises must be on the target's disk, and on that of its synchronous standby.
  await lines.transaction(leg.target, async (client) => {
    await keepOutOfRecords(client);
    await client.query(
      `CREATE SUBSCRIPTION ${name} CONNECTION '${conninfo(lines.urlsOf(leg.source).primary, name)}' PUBLICATION ${name}
       WITH (create_slot = false, slot_name = '${name}', copy_data = true, streaming = parallel, synchronous_commit = 'on')`,
    );
  });
}

/** The statement that follows holds a password: Postgres is to keep it in no log and no statistics, where the role may say so. */
async function keepOutOfRecords(client: pg.PoolClient): Promise<void> {
  await client.query(
    `SELECT set_config(name, value, true)
     FROM (VALUES ('pg_stat_statements.track_utility', 'off'), ('log_statement', 'none'),
       ('log_min_duration_statement', '-1'), ('log_min_error_statement', 'panic')) AS setting(name, value)
     WHERE has_parameter_privilege(name, 'SET')`,
  );
}

/** Null: there is none. `invalidation`: why the source no longer keeps what the target has yet to get; null: it does. */
async function slotOf(lines: Lines, leg: Leg): Promise<{ readonly invalidation: string | null } | null> {
  const { rows } = await lines.pool(leg.source).query<{ invalidation: string | null }>(
    `SELECT coalesce(invalidation_reason, CASE WHEN wal_status = 'lost' THEN 'lost' END) AS invalidation
     FROM pg_replication_slots WHERE slot_name = $1`,
    [nameOf(leg)],
  );
  return rows[0] ?? null;
}

/** Throws if the source no longer keeps what the target has yet to get: waiting would be in vain. */
export async function assertFollows(lines: Lines, leg: Leg): Promise<void> {
  const slot = await slotOf(lines, leg);
  if (slot?.invalidation === null) return;
  const { source, target } = leg;
  throw new ShardsError(
    slot
      ? `${source} has given up what ${target} had yet to get (its slot is invalid: ${slot.invalidation}). Raise max_slot_wal_keep_size of ${source} and run the command again: what was not handed over is copied anew.`
      : `${target} does not follow ${source} any more. Run the command again.`,
  );
}

/** The buckets of a leg whose rows do not count on the target. */
function uncounted(lines: Lines, { target, ranges }: Leg): Buckets[] {
  return lines.map.residue
    .filter(({ shard }) => shard === target)
    .flatMap((residue) =>
      ranges.map(({ from, to }) => ({ from: Math.max(from, residue.from), to: Math.min(to, residue.to) })),
    )
    .filter(({ from, to }) => from <= to);
}

function publishedTables(domain: Domain, leg: Leg, ranges: readonly Buckets[]): string {
  const tables = movingTables(domain).flatMap(({ table, placement }) => {
    const condition = conditionOf(placement, ranges);
    return condition === null ? [] : [`${table} WHERE (${condition})`];
  });
  return [...tables, `shard_move_marker WHERE (move_id = '${leg.moveId}' AND source = '${legName(leg)}')`].join(', ');
}

function conninfo(url: string, applicationName: string): string {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const settings: Record<string, string> = {
    host: hostname,
    port: port === '' ? '5432' : port,
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    dbname: decodeURIComponent(pathname.slice(1)),
    application_name: applicationName,
    ...Object.fromEntries([...searchParams].filter(([key]) => key.startsWith('ssl'))),
  };
  return Object.entries(settings)
    .map(([key, value]) => `${key}='${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`)
    .join(' ')
    .replaceAll("'", "''");
}

export interface CopyProgress {
  readonly tables: number;
  /** Tables that are copied and follow. */
  readonly ready: number;
  /** Whether a process of the target is at it just now. One that broke off is started again within seconds. */
  readonly isAtWork: boolean;
}

/** Throws if the subscription is not there, or stands still because a change cannot be applied or is gone. */
export async function copyProgress(lines: Lines, leg: Leg): Promise<CopyProgress> {
  await assertFollows(lines, leg);
  const { rows } = await lines.pool(leg.target).query<CopyProgress & { errors: number }>(
    `SELECT count(*)::int AS tables, count(*) FILTER (WHERE r.srsubstate = 'r')::int AS ready,
       coalesce(max(s.apply_error_count + s.sync_error_count), 0)::int AS errors,
       EXISTS (SELECT FROM pg_stat_subscription w WHERE w.subname = $1 AND w.pid IS NOT NULL) AS "isAtWork"
     FROM pg_subscription_rel r JOIN pg_subscription ON pg_subscription.oid = r.srsubid
       LEFT JOIN pg_stat_subscription_stats s ON s.subid = r.srsubid
     WHERE pg_subscription.subname = $1`,
    [nameOf(leg)],
  );
  const { tables, ready, errors, isAtWork } = rows[0]!;
  if (tables === 0)
    throw new ShardsError(`${leg.target} does not follow ${leg.source} any more. Run the command again.`);
  if (errors > MAX_ERRORS) {
    throw new ShardsError(
      `Rows of ${lines.domain} cannot be applied on ${leg.target} (${errors} errors; its log says why). Mend it and run again, or abort.`,
    );
  }
  return { tables, ready, isAtWork };
}

/** A connection may break now and then. */
const MAX_ERRORS = 20;

/** Ends the copying on both sides; what was copied stays. */
export async function stopReplication(lines: Lines, leg: Leg): Promise<void> {
  const [source, target] = [lines.pool(leg.source), lines.pool(leg.target)];
  const name = nameOf(leg);
  const subscription = await target.query('SELECT FROM pg_subscription WHERE subname = $1', [name]);
  if (subscription.rows.length > 0) {
    await target.query(`ALTER SUBSCRIPTION ${name} DISABLE`);
    await target.query(`ALTER SUBSCRIPTION ${name} SET (slot_name = NONE)`);
    await target.query(`DROP SUBSCRIPTION ${name}`);
  }
  const slots = await source.query<{ slot: string; pid: number | null }>(
    `SELECT slot_name AS slot, active_pid AS pid FROM pg_replication_slots
     WHERE database = current_database() AND (slot_name = $1 OR slot_name ~ $2)`,
    [name, await ownerless(target)],
  );
  for (const { slot, pid } of slots.rows) {
    if (pid !== null) await source.query('SELECT pg_terminate_backend($1, 5000)', [pid]);
    await source.query('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1', [
      slot,
    ]);
  }
  await source.query(`DROP PUBLICATION IF EXISTS ${name}`);
  for (const pool of [source, target]) {
    await pool.query('DELETE FROM shard_move_marker WHERE move_id = $1 AND source = $2', [leg.moveId, legName(leg)]);
  }
}

/**
 * A pattern of the slots by which this server copied tables for subscriptions that it has no longer. They stay behind when
 * a subscription is dropped that cannot reach its source, and nothing else tells of them if the mover was killed then.
 */
async function ownerless(target: pg.Pool): Promise<string> {
  const { rows } = await target.query<{ pattern: string }>(
    `SELECT '^pg_(?!(' || coalesce(string_agg(oid::text, '|'), '0') || ')_)[0-9]+_sync_[0-9]+_'
       || (SELECT system_identifier FROM pg_control_system()) || '$' AS pattern
     FROM pg_subscription`,
  );
  return rows[0]!.pattern;
}

/** Rows at once: short transactions, which hold nobody up. */
const CLEAR_BATCH = 5_000;

/** Deletes the rows of buckets that the shard does not serve. Returns how many there were. Throws if it serves one. */
export async function clearBuckets(lines: Lines, shard: string, buckets: Buckets): Promise<number> {
  const placements = new Map(movingTables(lines.domain).map(({ table, placement }) => [table, placement]));
  let cleared = 0;
  // What refers comes after what it refers to in the list of tables: cleared in the other direction.
  for (const { table, leaf } of (await leavesOf(lines, shard)).reverse()) {
    const condition = conditionOf(placements.get(table)!, [buckets]);
    if (condition === null) continue;
    for (;;) {
      const deleted = await lines.transaction(shard, async (client) => {
        await assertNotServed(client, lines, shard, buckets);
        const { rowCount } = await client.query(
          `DELETE FROM ${leaf} WHERE ctid = ANY(ARRAY(SELECT ctid FROM ${leaf} WHERE ${condition} LIMIT ${CLEAR_BATCH}))`,
        );
        return rowCount ?? 0;
      });
      cleared += deleted;
      if (deleted < CLEAR_BATCH) break;
    }
  }
  return cleared;
}

/** By the map of the very database, which cannot change before the transaction has ended. */
async function assertNotServed(client: pg.PoolClient, lines: Lines, shard: string, buckets: Buckets): Promise<void> {
  await bringUpTo(client, lines.map);
  await client.query('SELECT FROM shard_map FOR SHARE');
  const map = await readShardMap(client);
  const served = map?.ranges.find(
    (range) => range.shard === shard && range.from <= buckets.to && buckets.from <= range.to,
  );
  if (map && !served) return;
  throw new ShardsError(
    `Rows of buckets ${buckets.from}–${buckets.to} were to be cleared from ${shard}, which serves some of them by version ${map?.version ?? 0} of the map. Nothing more was cleared. Run the command again.`,
  );
}
