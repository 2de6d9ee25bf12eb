/**
 * What the shards of a domain are: buckets, servers, versions of the map, and a move under way.
 */
import { BUCKETS } from '@lyceum/database';
import { bounded, type Lines, loadOf, readMove } from '@lyceum/database/shards';
import { reasonOf } from '../failure.ts';
import { bold, counted, dim, number, red, say } from '../output.ts';

interface ServerState {
  readonly version: number;
  readonly standby: boolean;
  /** How long ago what is replayed was committed; null on a primary. */
  readonly behind: number | null;
}

const STATE = `
  SELECT (SELECT version FROM shard_map) AS version, pg_is_in_recovery() AS standby,
    CASE WHEN pg_last_wal_receive_lsn() IS NOT DISTINCT FROM pg_last_wal_replay_lsn() THEN NULL
      ELSE round(extract(epoch FROM now() - pg_last_xact_replay_timestamp())::numeric, 1)::float END AS behind`;

/** Returns how many servers do not answer. */
export async function showStatus(lines: Lines): Promise<number> {
  await lines.refreshFromAny();
  const { map } = lines;
  const load = loadOf(map);
  say(bold(`${lines.domain}  version ${map.version}`));
  let away = 0;
  for (const shard of lines.names) {
    const buckets = load.get(shard)!;
    const share = `${((100 * buckets) / BUCKETS).toFixed(1)} %`;
    say(`  ${shard.padEnd(6)} ${number(buckets).padStart(6)} buckets ${dim(share.padStart(7))}`);
    const { primary, replicas } = lines.urlsOf(shard);
    for (const [role, url] of [['primary', primary], ...replicas.map((each) => ['replica', each])] as const) {
      const { text, isAway } = await stateOf(lines, role!, url!);
      if (isAway) away += 1;
      say(`         ${role!.padEnd(8)} ${new URL(url!).host.padEnd(22)} ${text}`);
    }
  }
  if (map.residue.length > 0) {
    const buckets = map.residue.reduce((sum, { from, to }) => sum + to - from + 1, 0);
    say(`  rows of ${counted(buckets, 'bucket')} lie where they do not count: a move brings or clears them`);
  }
  const move = await readMove(lines).catch(() => null);
  if (move) say(`  a move is under way since ${move.startedAt.toISOString()}: ${move.step}`);
  return away;
}

async function stateOf(lines: Lines, role: string, url: string): Promise<{ text: string; isAway: boolean }> {
  try {
    const { rows } = await bounded(lines.at(url)).query<ServerState>(STATE);
    const { version, standby, behind } = rows[0]!;
    const notes = [`version ${version}`];
    if (behind !== null && standby) notes.push(`${behind} s behind`);
    if (standby !== (role === 'replica')) return { text: red(standby ? 'is a standby' : 'is a primary'), isAway: true };
    return { text: dim(notes.join(', ')), isAway: false };
  } catch (error) {
    return { text: red(reasonOf(error)), isAway: true };
  }
}
