/**
 * Makes a replica the primary of its shard, in all domains, after the old primary died.
 *
 * A server that still answers as the primary is never replaced: two primaries would both take writes. With synchronous
 * standbys one of the replicas has every commit that was acknowledged, but which one they alone can say: none is passed
 * over unless the operator names it. Cut off at any moment, it goes on where it was when it is run again: a replica that
 * is a primary already is chosen before all others, and domains that name it are done.
 */
import type pg from 'pg';
import { sqlStateOf } from '../connections/faults.ts';
import { addressOf } from '../connections/urls.ts';
import { LAST_POSITION, toPosition } from '../routing/position.ts';
import { ShardsError } from './errors.ts';
import { bounded, type Lines } from './lines.ts';
import { lockMap } from './map-changes.ts';
import { identify, nameServers, refreshHolding } from './servers.ts';

export interface Promotion {
  /** Of the new primary. */
  readonly address: string;
  /** Of the one that died. */
  readonly replaced: string;
}

export interface PromoteOptions {
  /** Addresses of replicas that may be missing, at the loss of what only they have. Those that answer count all the same. */
  readonly without?: readonly string[];
  readonly onProgress: (message: string) => void;
}

const PROMOTE_SECONDS = 60;

/**
 * `all`: every domain. Those whose databases of the shard lie on another server that lives are left alone. Throws
 * ShardsError with what to do.
 */
export async function promoteReplica(
  all: readonly Lines[],
  shard: string,
  options: PromoteOptions,
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
  assertReplicas(
    options.without ?? [],
    dead.flatMap(([, domains]) => domains),
    shard,
  );
  const promotions: Promotion[] = [];
  for (const [replaced, domains] of dead) {
    promotions.push({ replaced, address: await replacePrimary(domains, shard, options) });
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
  { without = [], onProgress }: PromoteOptions,
): Promise<string> {
  const { candidates, missing } = await askReplicas(domains, shard);
  const [best, ...others] = candidates.sort((a, b) => (a.position < b.position ? 1 : -1));
  if (!best) {
    throw new ShardsError(
      `No replica of ${shard} that followed its primary answers. Bring one back, or restore a backup: npx lyceum db restore`,
    );
  }
  // Once one was promoted, there is nothing left to choose.
  if (best.position !== LAST_POSITION) assertNamed(missing, without, shard);
  // Before anything is changed: who moves buckets must stop first, or the map could not be told of the new primary.
  for (const lines of domains) if (lines.home !== shard) await (await lockMap(lines)).release();
  if (best.position === LAST_POSITION) onProgress(`${best.address} is a primary already`);
  else await promote(best, onProgress);
  await tellOfWaiting(best, onProgress);
  const member = { primary: best.address, replicas: others.map(({ address }) => address) };
  for (const lines of domains) await nameServers(lines, shard, member, onProgress);
  return best.address;
}

function assertReplicas(addresses: readonly string[], domains: readonly Lines[], shard: string): void {
  const known = new Set(domains.flatMap((lines) => lines.urlsOf(shard).replicas.map(addressOf)));
  const unknown = addresses.find((address) => !known.has(address));
  if (unknown === undefined) return;
  throw new ShardsError(
    `--without ${unknown}: no replica of ${shard}. Its replicas: ${[...known].join(', ') || 'none'}.`,
  );
}

/** Throws if a replica is missing that `without` does not name. */
function assertNamed(missing: readonly Missing[], without: readonly string[], shard: string): void {
  const unnamed = missing.filter(({ address }) => !without.includes(address));
  if (unnamed.length === 0) return;
  const found = unnamed.map(({ address, reason }) => `The replica ${address} of ${shard} ${reason}.`).join(' ');
  const options = unnamed.map(({ address }) => `--without ${address}`).join(' ');
  throw new ShardsError(
    `${found} It may be the only server that has the last acknowledged writes. Bring it back and run this again, or go on without it and lose what it alone has: ${options}`,
  );
}

interface Standby {
  readonly address: string;
  /** What it has received, or the last there is for one that was promoted by a command that was cut off. */
  readonly position: string;
  readonly pool: pg.Pool;
}

interface Missing {
  readonly address: string;
  readonly reason: string;
}

/** All that any of the domains names. Candidates followed the primary on the map: who did not may lack all since then. */
async function askReplicas(
  domains: readonly Lines[],
  shard: string,
): Promise<{ candidates: Standby[]; missing: Missing[] }> {
  const urls = new Map(
    domains.flatMap((lines) => lines.urlsOf(shard).replicas.map((url) => [addressOf(url), { lines, url }])),
  );
  const answers = await Promise.all(
    [...urls].map(async ([address, { lines, url }]): Promise<Standby | Missing> => {
      const pool = lines.at(url);
      try {
        const { primary } = lines.urlsOf(shard);
        if ((await lines.primaryKnownTo(pool, shard)) !== primary) {
          return { address, reason: `did not follow the primary ${addressOf(primary)}` };
        }
        return { address, pool, position: await positionOf(pool) };
      } catch {
        return { address, reason: 'does not answer' };
      }
    }),
  );
  return {
    candidates: answers.filter((answer) => 'pool' in answer),
    missing: answers.filter((answer) => 'reason' in answer),
  };
}

async function positionOf(replica: pg.Pool): Promise<string> {
  const { rows } = await bounded(replica).query<{ position: string; standby: boolean }>(
    `SELECT pg_is_in_recovery() AS standby,
       coalesce(greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), '0/0')::text AS position`,
  );
  const { standby, position } = rows[0]!;
  return standby ? toPosition(position) : LAST_POSITION;
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
  const { rows } = await bounded(pool).query<{ names: string; following: boolean }>(
    `SELECT current_setting('synchronous_standby_names') AS names,
       EXISTS (SELECT FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')) AS following`,
  );
  const { names, following } = rows[0]!;
  if (names === '' || following) return;
  onProgress(
    `${address} waits for synchronous standbys (${names}) and has none. Let one follow it, or have it not wait: ALTER SYSTEM SET synchronous_standby_names = ''; SELECT pg_reload_conf();`,
  );
}
