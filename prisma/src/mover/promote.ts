/**
 * Makes a replica the primary of its shard, in all domains, after the old primary died.
 *
 * A server that still answers as the primary is never replaced: two primaries would both take writes. With a synchronous
 * standby the chosen replica has every commit that was acknowledged.
 */
import { sleep } from '@lyceum/service-kit';
import type pg from 'pg';
import { LAST_POSITION, toPosition } from '../position.ts';
import { readShardMap } from '../shard-map-store.ts';
import { addressOf } from '../urls.ts';
import { ShardsError } from './errors.ts';
import type { Lines } from './lines.ts';
import { changeMap, lockMap } from './map-changes.ts';
import { readMove } from './move-record.ts';

export interface Promotion {
  readonly address: string;
  /** What it had received. */
  readonly position: string;
}

const PROMOTE_SECONDS = 60;
/** Longer than the transaction of a hand-over may last. */
const FLIP_MS = 3_500;

/** `lines` of every domain that the shard holds. Throws ShardsError with what to do. */
export async function promoteReplica(
  all: readonly Lines[],
  shard: string,
  onProgress: (message: string) => void,
): Promise<Promotion> {
  const [first] = all;
  if (!first) throw new ShardsError(`No domain has a shard ${shard}.`);
  for (const lines of all) await refreshWithout(lines, shard);
  await assertDead(first, shard);

  const candidates = await standbysOf(first, shard);
  const [best] = candidates.sort((a, b) => (a.position < b.position ? 1 : -1));
  if (!best) throw new ShardsError(`No replica of ${shard} answers. Restore it from a backup: npx lyceum db restore`);
  onProgress(`promoting ${best.address}, which has received ${best.position}`);
  if (best.position !== LAST_POSITION) await best.pool.query('SELECT pg_promote(true, $1)', [PROMOTE_SECONDS]);

  const others = candidates.filter((candidate) => candidate !== best).map(({ address }) => address);
  for (const lines of all) await nameOnMap(lines, shard, { primary: best.address, replicas: others }, onProgress);
  return { address: best.address, position: best.position };
}

interface Standby {
  readonly address: string;
  readonly position: string;
  readonly pool: pg.Pool;
}

/** Those that answer. */
async function standbysOf(lines: Lines, shard: string): Promise<Standby[]> {
  const answers = await Promise.allSettled(
    lines.urlsOf(shard).replicas.map(async (url): Promise<Standby> => {
      const pool = lines.at(url);
      const { rows } = await pool.query<{ position: string; standby: boolean }>(
        `SELECT pg_is_in_recovery() AS standby,
           coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn(), '0/0')::text AS position`,
      );
      const { standby, position } = rows[0]!;
      // One that was promoted by a command that was cut off goes before all others.
      return { address: addressOf(url), pool, position: standby ? toPosition(position) : LAST_POSITION };
    }),
  );
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
}

async function assertDead(lines: Lines, shard: string): Promise<void> {
  const alive = await lines
    .pool(shard)
    .query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby')
    .then(({ rows }) => rows[0]!.standby === false)
    .catch(() => false);
  if (alive) {
    throw new ShardsError(
      `The primary of ${shard} (${addressOf(lines.urlsOf(shard).primary)}) answers. Stop it for good before a replica takes its place.`,
    );
  }
}

/** The newest map of the databases that answer, replicas of the dead one included. */
async function refreshWithout(lines: Lines, shard: string): Promise<void> {
  const pools = [
    ...lines.names.filter((name) => name !== shard).map((name) => lines.pool(name)),
    ...lines.urlsOf(shard).replicas.map((url) => lines.at(url)),
  ];
  const maps = await Promise.allSettled(pools.map((pool) => readShardMap(pool)));
  for (const outcome of maps) {
    if (outcome.status === 'fulfilled' && outcome.value && outcome.value.version > lines.map.version) {
      lines.use(outcome.value);
    }
  }
}

async function nameOnMap(
  lines: Lines,
  shard: string,
  member: { primary: string; replicas: string[] },
  onProgress: (message: string) => void,
): Promise<void> {
  const before = lines.map;
  // Only to find it: the version is made below.
  lines.use({ ...before, members: { ...before.members, [shard]: member } });
  await refreshWithout(lines, shard);
  const lock = await lockMap(lines);
  try {
    if (await readMove(lines)) {
      onProgress(`${lines.domain}: a move is under way; it can be resumed afterwards`);
      await sleep(FLIP_MS);
      await refreshWithout(lines, shard);
    }
    const { version } = await changeMap(lines, (map) => ({ ...map, members: { ...map.members, [shard]: member } }));
    onProgress(`${lines.domain}: ${shard} is ${member.primary} from version ${version} of the map on`);
  } finally {
    await lock.release();
  }
}
