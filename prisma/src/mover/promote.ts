/**
 * Makes a replica the primary of its shard, in all domains, after the old primary died.
 *
 * A server that still answers as the primary is never replaced: two primaries would both take writes. With a synchronous
 * standby the chosen replica has every commit that was acknowledged. Cut off at any moment, it goes on where it was when
 * it is run again: a replica that is a primary already is chosen before all others, and domains that name it are done.
 */
import type pg from 'pg';
import { addressOf } from '../connections/urls.ts';
import { sqlStateOf } from '../map/shard-map-store.ts';
import { LAST_POSITION, toPosition } from '../routing/position.ts';
import { ShardsError } from './errors.ts';
import type { Lines } from './lines.ts';
import { lockMap } from './map-changes.ts';
import { identify, nameServers, refreshHolding } from './servers.ts';

export interface Promotion {
  /** Of the new primary. */
  readonly address: string;
  /** Of the one that died. */
  readonly replaced: string;
}

const PROMOTE_SECONDS = 60;

/**
 * `all`: every domain. Those whose databases of the shard lie on another server that lives are left alone. Throws
 * ShardsError with what to do.
 */
export async function promoteReplica(
  all: readonly Lines[],
  shard: string,
  onProgress: (message: string) => void,
): Promise<Promotion[]> {
  const holding = await refreshHolding(all, shard);
  const servers = [...Map.groupBy(holding, (lines) => addressOf(lines.urlsOf(shard).primary))];
  const alive = await Promise.all(servers.map(([, [lines]]) => mayTakeWrites(lines!.pool(shard))));
  const dead = servers.filter((_, index) => !alive[index]);
  if (dead.length === 0) {
    const addresses = servers.map(([address]) => address).join(', ');
    throw new ShardsError(
      `The primary of ${shard} (${addresses}) answers. Stop it for good before a replica takes its place.`,
    );
  }
  const promotions: Promotion[] = [];
  for (const [replaced, domains] of dead) {
    promotions.push({ replaced, address: await replacePrimary(domains, shard, onProgress) });
  }
  return promotions;
}

/**
 * Whether it is a primary, or says anything at all but what it is: that it starts, or has no connection free. One that says
 * nothing is asked twice, as it may be slow, unless nobody listens there.
 */
async function mayTakeWrites(server: pg.Pool): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return !(await identify(server)).standby;
    } catch (error) {
      if (sqlStateOf(error) !== undefined) return true;
      if (attempt === 2 || (error as { code?: unknown }).code === 'ECONNREFUSED') return false;
    }
  }
}

/** `domains`: those that the dead server held. Returns the address of the new one. */
async function replacePrimary(
  domains: readonly Lines[],
  shard: string,
  onProgress: (message: string) => void,
): Promise<string> {
  const candidates = await standbysOf(domains[0]!, shard);
  const [best, ...others] = candidates.sort((a, b) => (a.position < b.position ? 1 : -1));
  if (!best) {
    throw new ShardsError(
      `No replica of ${shard} that followed its primary answers. Bring one back, or restore a backup: npx lyceum db restore`,
    );
  }
  // Before anything is changed: who moves buckets must stop first, or the map could not be told of the new primary.
  for (const lines of domains) if (lines.home !== shard) await (await lockMap(lines)).release();
  if (best.position === LAST_POSITION) onProgress(`${best.address} is a primary already`);
  else await promote(best, onProgress);
  await tellOfWaiting(best, onProgress);
  const member = { primary: best.address, replicas: others.map(({ address }) => address) };
  for (const lines of domains) await nameServers(lines, shard, member, onProgress);
  return best.address;
}

interface Standby {
  readonly address: string;
  /** What it has received, or the last there is for one that was promoted by a command that was cut off. */
  readonly position: string;
  readonly pool: pg.Pool;
}

/** Those that answer and followed the primary that the map names: one that followed another may lack all since then. */
async function standbysOf(lines: Lines, shard: string): Promise<Standby[]> {
  const { primary, replicas } = lines.urlsOf(shard);
  const answers = await Promise.allSettled(
    replicas.map(async (url): Promise<Standby[]> => {
      const pool = lines.at(url);
      if ((await lines.primaryKnownTo(pool, shard)) !== primary) return [];
      const { rows } = await pool.query<{ position: string; standby: boolean }>(
        `SELECT pg_is_in_recovery() AS standby,
           coalesce(greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), '0/0')::text AS position`,
      );
      const { standby, position } = rows[0]!;
      return [{ address: addressOf(url), pool, position: standby ? toPosition(position) : LAST_POSITION }];
    }),
  );
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
}

/** Returns when it takes writes. */
async function promote({ address, position, pool }: Standby, onProgress: (message: string) => void): Promise<void> {
  onProgress(`promoting ${address}, which has received ${position}`);
  const { rows } = await pool.query<{ promoted: boolean }>('SELECT pg_promote(true, $1) AS promoted', [
    PROMOTE_SECONDS,
  ]);
  if (rows[0]!.promoted) return;
  throw new ShardsError(`${address} is no primary after ${PROMOTE_SECONDS} s. Look at its log, then run this again.`);
}

/** A server that waits for standbys it does not have acknowledges no commit, the next one here included. */
async function tellOfWaiting({ address, pool }: Standby, onProgress: (message: string) => void): Promise<void> {
  const { rows } = await pool.query<{ names: string; following: boolean }>(
    `SELECT current_setting('synchronous_standby_names') AS names,
       EXISTS (SELECT FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')) AS following`,
  );
  const { names, following } = rows[0]!;
  if (names === '' || following) return;
  onProgress(
    `${address} waits for synchronous standbys (${names}) and has none. Let one follow it, or have it not wait: ALTER SYSTEM SET synchronous_standby_names = ''; SELECT pg_reload_conf();`,
  );
}
