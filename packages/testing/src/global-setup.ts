/**
 * Boots the one stack of a test run and takes it down again: two shards with replicas, Redis, migrated templates.
 *
 * Everything lives in a folder of its own below `.lyceum/test`, named after this process, so that runs side by side do
 * not meet and a later run can clear away what a killed one left behind.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  isAlive,
  type LocalPostgres,
  type LocalRedis,
  repositoryRoot,
  startPostgres,
  startRedis,
} from '@lyceum/local-stack';
import type { TestProject } from 'vitest/node';
import type { StackCoordinates } from './coordinates.ts';
import { createTemplates } from './templates.ts';

const SHARDS = ['s1', 's2'];
const runs = join(repositoryRoot, '.lyceum/test');

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await removeRunsOfDeadProcesses();
  leaveWithParent();
  await mkdir(runs, { recursive: true });
  const directory = await mkdtemp(join(runs, `${process.pid}-`));
  const opened: { postgres?: LocalPostgres; redis?: LocalRedis } = {};
  const teardown = async () => {
    await Promise.all([opened.postgres?.stop('immediate'), opened.redis?.kill('SIGKILL')]);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const [postgres, redis] = await Promise.all([
      startPostgres({ directory: join(directory, 'postgres'), shards: SHARDS, databases: [], durability: 'fast' }),
      startRedis({ directory: join(directory, 'redis'), durability: 'fast' }),
    ]);
    Object.assign(opened, { postgres, redis });
    const coordinates: StackCoordinates = {
      directory,
      shards: postgres.shards.map((shard) => ({
        name: shard.name,
        primaryUrl: shard.primary.url('postgres'),
        replicaUrl: shard.replica.url('postgres'),
      })),
      redisUrl: redis.url,
      privateKeyFile: await writePrivateKey(directory),
      claimsSecret: randomBytes(32).toString('hex'),
    };
    await createTemplates(coordinates.shards);
    project.provide('lyceumStack', coordinates);
    return teardown;
  } catch (error) {
    await teardown();
    throw error;
  }
}

/** When whoever started us with a life-line is killed, nobody waits for this run any more; the servers go with us. */
function leaveWithParent(): void {
  process.once('disconnect', () => process.exit(1));
  process.channel?.unref();
}

async function writePrivateKey(directory: string): Promise<string> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const file = join(directory, 'auth.key.pem');
  await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  return file;
}

/** Their servers died with them; only files are left. */
async function removeRunsOfDeadProcesses(): Promise<void> {
  const names = await readdir(runs).catch(() => []);
  for (const name of names) {
    const pid = Number(name.split('-')[0]);
    if (!isAlive(pid)) await rm(join(runs, name), { recursive: true, force: true });
  }
}
