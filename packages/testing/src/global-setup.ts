/**
 * Boots the stacks of a test run and takes them down again, one for each file that may run at a time, since a test may
 * hold a replica back: two shards with replicas, Redis, migrated templates.
 *
 * Everything lives in a folder of its own below `.lyceum/test`, named after this process, so that runs side by side do
 * not meet and a later run can clear away what a killed one left behind.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, repositoryRoot, startPostgres, startRedis } from '@lyceum/local-stack';
import type { TestProject } from 'vitest/node';
import type { ShardCoordinates, StackCoordinates } from './coordinates.ts';
import { createTemplates } from './templates.ts';

const SHARDS = ['s1', 's2'];
const runs = join(repositoryRoot, '.lyceum/test');

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await removeRunsOfDeadProcesses();
  leaveWithParent();
  await mkdir(runs, { recursive: true });
  const directory = await mkdtemp(join(runs, `${process.pid}-`));
  const opened = new AsyncDisposableStack();
  const teardown = async () => {
    await opened.disposeAsync();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const shared = {
      privateKeyFile: await writePrivateKey(directory),
      claimsSecret: randomBytes(32).toString('hex'),
    };
    const names = Array.from({ length: project.vitest.config.maxWorkers }, (_, index) => `stack-${index + 1}`);
    const stacks = await Promise.all(names.map((name) => bootStack(join(directory, name), opened)));
    project.provide(
      'lyceumStacks',
      stacks.map((stack) => ({ ...stack, ...shared })),
    );
    return teardown;
  } catch (error) {
    await teardown();
    throw error;
  }
}

/** What is started is closed by `opened`, also if the rest fails. */
async function bootStack(
  directory: string,
  opened: AsyncDisposableStack,
): Promise<Pick<StackCoordinates, 'directory' | 'shards' | 'redisUrl'>> {
  const [shards, redisUrl] = await Promise.all([
    bootShards(join(directory, 'postgres'), opened),
    bootRedis(join(directory, 'redis'), opened),
  ]);
  return { directory, shards, redisUrl };
}

async function bootShards(directory: string, opened: AsyncDisposableStack): Promise<ShardCoordinates[]> {
  const postgres = await startPostgres({ directory, shards: SHARDS, databases: [], durability: 'fast' });
  opened.defer(() => postgres.stop('immediate'));
  const shards = postgres.shards.map(({ name, primary, replica }) => ({
    name,
    primaryUrl: primary.url('postgres'),
    replicaUrl: replica.url('postgres'),
  }));
  await createTemplates(shards);
  return shards;
}

async function bootRedis(directory: string, opened: AsyncDisposableStack): Promise<string> {
  const redis = await startRedis({ directory, durability: 'fast' });
  opened.defer(() => redis.kill('SIGKILL'));
  return redis.url;
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
