/**
 * `lyceum shards`: shows the shards, adds one, moves buckets between them while the system is in use, names their
 * servers, and replaces a primary that died.
 */
import { BUCKETS } from '@lyceum/database';
import {
  changeServers,
  findStrays,
  findUnequalCopies,
  type Lines,
  planBalance,
  planMove,
  promoteReplica,
} from '@lyceum/database/shards';
import { Command, InvalidArgumentError } from 'commander';
import { Failure } from '../failure.ts';
import { type DomainOption, domainOption } from '../options.ts';
import { counted, say } from '../output.ts';
import { addShard } from '../shards/add.ts';
import { abortRunning, describe, type MoveSettings, moveBuckets, resumeMove } from '../shards/move.ts';
import { withLock, withShards } from '../shards/open-shards.ts';
import { showStatus } from '../shards/status.ts';

interface MoveOptions extends DomainOption {
  readonly chunk?: number;
  readonly grace?: number;
}

export function shardsCommand(): Command {
  const shards = new Command('shards').description(
    'show shards, add one, move buckets between them, replace a primary',
  );
  const command = (name: string, description: string) => {
    return shards.command(name).description(description).addOption(domainOption());
  };
  const moving = (name: string, description: string) =>
    command(name, description)
      .option('--chunk <buckets>', 'hand so many over at once (default: 32)', positive)
      .option('--grace <seconds>', 'how long processes may go by an older map (default: 8)', seconds);

  command('status', 'show buckets, servers, and a move under way').action(status);
  command('plan', 'show what would move so that shards serve as many buckets each')
    .requiredOption('--to <shards>', 'how many, or their names parted by commas', targets)
    .action(plan);
  const naming = (name: string, description: string) =>
    command(name, description)
      .argument('<shard>', 'such as s3', shardName)
      .requiredOption('--primary <host:port>', 'its primary', address)
      .option('--replica <host:port...>', 'its replicas', addresses, [])
      .addHelpText(
        'after',
        '\nUser, password and database are those of DATABASE_URL_<DOMAIN>_<SHARD>, or of another shard.',
      );
  naming('add', 'make an empty cluster a shard, without buckets yet').action(add);
  naming('servers', 'name the servers of a shard anew, such as a replica that came back').action(servers);
  moving('move', 'move buckets to a shard')
    .requiredOption('--buckets <from-to>', 'both included, 0 to 4095', buckets)
    .requiredOption('--to <shard>', 'who is to serve them')
    .action(move);
  moving('rebalance', 'move what must move so that shards serve as many buckets each')
    .option('--to <shards>', 'how many, or their names parted by commas (default: all members)', targets)
    .action(rebalance);
  moving('resume', 'go on with a move that was cut off').action(resume);
  moving('abort', 'end a move: what was handed over stays, the rest does not move').action(abort);
  command('verify', 'look for rows on the wrong shard and for copies that differ').action(verify);
  shards
    .command('promote')
    .argument('<shard>', 'whose primary died', shardName)
    .description('make the replica that received most the primary, in all domains')
    .option('--without <host:port>', 'go on without this replica (repeatable)', addresses, [])
    .action(promote);
  return shards;
}

async function status({ domain }: DomainOption): Promise<void> {
  const away = await withShards(domain, async (all) => {
    let sum = 0;
    for (const lines of all) sum += await showStatus(lines);
    return sum;
  });
  if (away > 0) throw new Failure(`${counted(away, 'server')} not as the map says.`);
}

async function plan({ domain, to }: DomainOption & { to: Targets }): Promise<void> {
  await withShards(domain, async (all) => {
    for (const lines of all) {
      const map = await lines.refresh();
      const names = namesOf(lines, to);
      // Of shards that are yet to be added, too.
      const members = { ...Object.fromEntries(names.map((name) => [name, null])), ...map.members };
      const transfers = planBalance({ ...map, members }, names);
      if (transfers.length === 0) say(`${lines.domain}  nothing has to move`);
      for (const transfer of transfers) say(`${lines.domain}  ${describe(transfer)}`);
    }
  });
}

async function add(
  name: string,
  { domain, primary, replica }: DomainOption & { primary: string; replica: string[] },
): Promise<void> {
  await withShards(domain, async (all) => {
    for (const lines of all) {
      await withLock(lines, (lock) => addShard(lines, lock, name, { primary, replicas: replica }));
    }
  });
}

async function move(options: MoveOptions & { buckets: Range; to: string }): Promise<void> {
  await forEachDomain(options, async (lines, lock, settings) => {
    if (!(options.to in lines.map.members)) {
      throw new Failure(`${options.to} is no shard of ${lines.domain}. Members: ${lines.names.join(', ')}.`);
    }
    const transfers = planMove(lines.map, options.buckets, options.to);
    if (transfers.length === 0) return say(`${lines.domain}  nothing has to move`);
    await moveBuckets(lines, lock, transfers, settings);
  });
}

async function rebalance(options: MoveOptions & { to?: Targets }): Promise<void> {
  await forEachDomain(options, async (lines, lock, settings) => {
    const transfers = planBalance(lines.map, options.to === undefined ? lines.names : namesOf(lines, options.to));
    if (transfers.length === 0) return say(`${lines.domain}  nothing has to move`);
    await moveBuckets(lines, lock, transfers, settings);
  });
}

async function resume(options: MoveOptions): Promise<void> {
  await forEachDomain(options, async (lines, lock, settings) => {
    if (!(await resumeMove(lines, lock, settings))) say(`${lines.domain}  no move is under way`);
  });
}

async function abort(options: MoveOptions): Promise<void> {
  await forEachDomain(options, async (lines, lock, settings) => {
    if (!(await abortRunning(lines, lock, settings))) say(`${lines.domain}  no move is under way`);
  });
}

async function verify({ domain }: DomainOption): Promise<void> {
  let wrong = 0;
  await withShards(domain, async (all) => {
    for (const lines of all) {
      await lines.refresh();
      const [strays, unequal] = await Promise.all([findStrays(lines), findUnequalCopies(lines)]);
      for (const { shard, table, rows } of strays) {
        say(`${lines.domain}  ${counted(rows, 'row')} of ${table} on ${shard}, which does not serve them`);
      }
      for (const table of unequal) say(`${lines.domain}  ${table} differs between shards`);
      wrong += strays.length + unequal.length;
      if (strays.length + unequal.length === 0) say(`${lines.domain}  every row is where it belongs`);
    }
  });
  if (wrong > 0) throw new Failure(`${counted(wrong, 'table')} not as they should be.`);
}

async function servers(
  shard: string,
  { domain, primary, replica }: DomainOption & { primary: string; replica: string[] },
): Promise<void> {
  await withShards(domain, (all) => changeServers(all, shard, { primary, replicas: replica }, say));
}

async function promote(shard: string, { without }: { without: string[] }): Promise<void> {
  await withShards(undefined, async (all) => {
    for (const { address, replaced } of await promoteReplica(all, shard, { without, onProgress: say })) {
      say(`${address} is the primary of ${shard}. ${replaced} must not start again but as its standby.`);
    }
  });
}

async function forEachDomain(
  { domain, chunk, grace }: MoveOptions,
  work: (lines: Lines, lock: Parameters<typeof moveBuckets>[1], settings: MoveSettings) => Promise<void>,
): Promise<void> {
  const settings = { ...(chunk && { chunk }), ...(grace !== undefined && { graceMs: grace * 1_000 }) };
  await withShards(domain, async (all) => {
    for (const lines of all) await withLock(lines, (lock) => work(lines, lock, settings));
  });
}

type Targets = number | readonly string[];
interface Range {
  readonly from: number;
  readonly to: number;
}

/** As many as asked for: the members, and then names that are free. */
function namesOf(lines: Lines, to: Targets): string[] {
  if (typeof to !== 'number') return [...to];
  const names = lines.names.slice(0, to);
  for (let n = 1; names.length < to; n += 1) if (!names.includes(`s${n}`)) names.push(`s${n}`);
  return names;
}

function targets(text: string): Targets {
  if (/^\d+$/.test(text)) return positive(text);
  return text.split(',').map((name) => shardName(name.trim()));
}

function shardName(text: string): string {
  if (!/^[a-z][a-z0-9]{0,15}$/.test(text))
    throw new InvalidArgumentError('A name is up to 16 lower-case letters and digits.');
  return text;
}

function address(text: string): string {
  if (!/^[^\s/@]+:\d{1,5}$/.test(text)) throw new InvalidArgumentError('It must be host:port.');
  return text;
}

/** Of an option that may be given again. */
function addresses(text: string, before: readonly string[]): string[] {
  return [...before, address(text)];
}

function positive(text: string): number {
  const value = Number(text);
  if (!/^\d{1,4}$/.test(text) || value < 1) throw new InvalidArgumentError('It must be a whole number from 1 on.');
  return value;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value >= 2 && value <= 3_600)) throw new InvalidArgumentError('It must be a number from 2 to 3600.');
  return value;
}

function buckets(text: string): Range {
  const match = /^(\d{1,4})-(\d{1,4})$/.exec(text);
  const range = { from: Number(match?.[1]), to: Number(match?.[2]) };
  if (!match || range.from > range.to || range.to >= BUCKETS) {
    throw new InvalidArgumentError(`It must be from-to, such as 0-511, within 0 and ${BUCKETS - 1}.`);
  }
  return range;
}
