/**
 * Changes which servers the map names for a shard: after a promotion, or when replicas come and go.
 *
 * A server is named only for what it is: a primary that takes writes, and standbys of that very cluster. The primary on
 * the map is not left while it takes writes itself.
 */
import { sleep } from '@lyceum/service-kit';
import type pg from 'pg';
import { addressOf } from '../connections/urls.ts';
import type { Member, ShardMap } from '../map/shard-map.ts';
import { ShardsError } from './errors.ts';
import { bounded, type Lines } from './lines.ts';
import { changeMap, lockMap } from './map-changes.ts';
import { readMove } from './move-record.ts';

/** Longer than the transaction of a hand-over may last. */
const FLIP_MS = 3_500;

export interface ServerIdentity {
  readonly standby: boolean;
  /** The same on a primary and its standbys. */
  readonly cluster: string;
  /** No two servers of a cluster have the same. */
  readonly startedAt: string;
}

const IDENTITY = `SELECT pg_is_in_recovery() AS standby, pg_postmaster_start_time()::text AS "startedAt",
  (SELECT system_identifier::text FROM pg_control_system()) AS cluster`;

/** Throws if it does not answer within 5 s. */
export async function identify(server: pg.Pool): Promise<ServerIdentity> {
  const { rows } = await bounded(server).query<ServerIdentity>(IDENTITY);
  return rows[0]!;
}

/** `all`: every domain that is to be changed. Throws ShardsError before anything was changed if a server is not as named. */
export async function changeServers(
  all: readonly Lines[],
  shard: string,
  member: Member,
  onProgress: (message: string) => void,
): Promise<void> {
  const holding = await refreshHolding(all, shard);
  for (const lines of holding) await assertServers(lines, shard, member);
  for (const lines of holding) await nameServers(lines, shard, member, onProgress);
}

/** Reads the newest maps. Returns the domains that have the shard; throws if none has. */
export async function refreshHolding(all: readonly Lines[], shard: string): Promise<Lines[]> {
  await Promise.all(all.map((lines) => lines.refreshFromAny()));
  const holding = all.filter((lines) => shard in lines.map.members);
  if (holding.length === 0) throw new ShardsError(`No domain has a shard ${shard}.`);
  return holding;
}

async function assertServers(lines: Lines, shard: string, { primary, replicas }: Member): Promise<void> {
  const ask = (server: pg.Pool) => identify(server).catch(() => null);
  const at = (address: string) => lines.at(lines.urlFor(shard, { primary: address, replicas: [] }));
  const [named, present] = await Promise.all([ask(at(primary)), ask(lines.pool(shard))]);
  if (!named) throw new ShardsError(`${primary} does not answer. Name the server that is the primary of ${shard} now.`);
  if (named.standby)
    throw new ShardsError(`${primary} is a standby. A replica becomes the primary by: promote ${shard}`);
  if (present && !present.standby && present.startedAt !== named.startedAt) {
    const { primary: url } = lines.urlsOf(shard);
    throw new ShardsError(`The primary of ${shard} (${addressOf(url)}) takes writes. Stop it before another is named.`);
  }
  for (const replica of replicas) {
    const found = await ask(at(replica));
    if (!found?.standby) throw new ShardsError(`${replica} ${found ? 'is a primary' : 'does not answer'}, no replica.`);
    if (found.cluster !== named.cluster)
      throw new ShardsError(`${replica} is a standby of another server than ${primary}.`);
  }
}

/** Makes a version of the map that names these servers, whatever they are. */
export async function nameServers(
  lines: Lines,
  shard: string,
  member: Member,
  onProgress: (message: string) => void,
): Promise<void> {
  const naming = (map: ShardMap): ShardMap => ({ ...map, members: { ...map.members, [shard]: member } });
  // The lock may lie on the very shard: its new primary is asked for it.
  lines.use(naming(lines.map));
  const lock = await lockMap(lines);
  try {
    if (await readMove(lines)) {
      onProgress(`${lines.domain}: a move is under way; it can be resumed afterwards`);
      await sleep(FLIP_MS);
    }
    lines.use(naming(await lines.refreshFromAny()));
    const { version } = await changeMap(lines, naming);
    onProgress(`${lines.domain}: ${shard} is ${member.primary} from version ${version} of the map on`);
  } finally {
    await lock.release();
  }
}
