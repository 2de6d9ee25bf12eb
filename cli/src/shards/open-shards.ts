/**
 * Connections to the shards of the domains that a command is about.
 */
import { DOMAINS, type Domain, firstMap } from '@lyceum/database';
import { Lines, lockMap, type MapLock, ShardsError } from '@lyceum/database/shards';
import { readStackEnvironment } from '../config.ts';
import { Failure } from '../failure.ts';
import { readShards } from '../stack.ts';

/** Closes them when `work` is done. What stops a change of shards is told in one message. */
export async function withShards<T>(domain: Domain | undefined, work: (all: Lines[]) => Promise<T>): Promise<T> {
  const { variables } = readStackEnvironment();
  const { current } = await readShards(variables);
  const domains = domain === undefined ? DOMAINS : [domain];
  const all = domains.map((name) => new Lines({ env: variables, domain: name, first: firstMap(current, name) }));
  try {
    return await work(all);
  } catch (error) {
    throw error instanceof ShardsError ? new Failure(error.message, { cause: error }) : error;
  } finally {
    await Promise.all(all.map((lines) => lines.close()));
  }
}

/** Reads the newest map and keeps others from changing it meanwhile. */
export async function withLock<T>(lines: Lines, work: (lock: MapLock) => Promise<T>): Promise<T> {
  // The lock lies where the newest map says: primaries may have been replaced.
  await lines.refreshFromAny();
  const lock = await lockMap(lines);
  try {
    await lines.refresh();
    return await work(lock);
  } finally {
    await lock.release();
  }
}
