/**
 * The local PostgreSQL: per shard a primary and its streaming replicas, from nothing or from where the last run left off.
 *
 * Layout below `directory`: `state.json` (ports and password), `<shard>/primary`, `<shard>/replica`, `<shard>/replica-2`.
 * The caller makes sure that only one process at a time works on a directory; servers left over from a run that died
 * are stopped here.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { stopLeftoverServer } from './postgres-node.ts';
import { Shard, type ShardPorts } from './postgres-shard.ts';

export interface PostgresOptions {
  readonly directory: string;
  readonly shards: readonly string[];
  /** Preferred ports per shard; others are chosen when these are taken. */
  readonly ports?: Readonly<Record<string, ShardPorts>>;
  /** Databases that must exist on every shard. */
  readonly databases: readonly string[];
  readonly durability: 'safe' | 'fast';
  /** Of every shard; 1 unless told. */
  readonly replicas?: number;
  /** What a commit on a primary waits for, such as `ANY 1 (replica, replica_2)`; it waits for none unless told. */
  readonly synchronousStandbyNames?: string;
  readonly onProgress?: (message: string) => void;
}

export interface ShardUrls {
  readonly primary: string;
  readonly replicas: readonly string[];
}

export interface LocalPostgres {
  readonly shards: readonly Shard[];
  shard(name: string): Shard;
  /** Connection URLs of one database on every shard, by shard name. */
  urls(database: string): Record<string, ShardUrls>;
  /** Stops every server. 'immediate' only where the data is thrown away afterwards. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
}

const Ports = z.object({ primary: z.number().int(), replicas: z.array(z.number().int()).default([]) });
const State = z.object({ password: z.string(), ports: z.record(z.string(), Ports) });

interface State {
  readonly password: string;
  ports: Readonly<Record<string, ShardPorts>>;
}

/** Ready when every primary accepts writes and every replica streams. On failure nothing is left running. */
export async function startPostgres(o: PostgresOptions): Promise<LocalPostgres> {
  await mkdir(o.directory, { recursive: true });
  const stateFile = join(o.directory, 'state.json');
  const state = await readState(stateFile);
  const passwordFile = join(o.directory, 'password');
  await writeFile(passwordFile, state.password, { mode: 0o644 });

  const shards = o.shards.map((name) => new Shard(name, join(o.directory, name), { ...o, password: state.password }));
  const stop = async (mode: 'fast' | 'immediate' = 'fast') => {
    await Promise.all(shards.map((shard) => shard.stop(mode)));
  };
  try {
    await Promise.all(shards.map((shard) => shard.prepare(passwordFile)));
    await Promise.all(
      shards.map((shard) => shard.start(state.ports[shard.name] ?? o.ports?.[shard.name], o.databases)),
    );
    state.ports = Object.fromEntries(shards.map((shard) => [shard.name, shard.ports]));
    await writeState(stateFile, state);
  } catch (error) {
    await stop('fast');
    throw error;
  } finally {
    await rm(passwordFile, { force: true });
  }
  return {
    shards,
    shard: (name) => {
      const found = shards.find((shard) => shard.name === name);
      if (!found) throw new Error(`There is no shard ${name}.`);
      return found;
    },
    urls: (database) =>
      Object.fromEntries(
        shards.map((shard) => [
          shard.name,
          { primary: shard.primary.url(database), replicas: shard.replicas.map((replica) => replica.url(database)) },
        ]),
      ),
    stop,
  };
}

/** Stops servers that an earlier run left in this directory; their data stays. */
export async function stopLeftoverPostgres(directory: string): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const shards = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(directory, name));
  const nodes = await Promise.all(shards.map(async (shard) => (await readdir(shard)).map((name) => join(shard, name))));
  await Promise.all(nodes.flat().map(stopLeftoverServer));
}

/** No state means that nothing was initialised with it yet. It is written as a whole, so what is there can be read. */
async function readState(file: string): Promise<State> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text !== null) return State.parse(JSON.parse(text));
  const state = { password: randomBytes(18).toString('hex'), ports: {} };
  await writeState(file, state);
  return state;
}

async function writeState(file: string, state: State): Promise<void> {
  await writeFile(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
