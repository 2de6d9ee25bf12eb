/**
 * Finds a Redis server on this machine, or installs Debian's where that needs no question.
 */
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { pathVariable } from './config.ts';

const run = promisify(execFile);
const PROGRAMS = ['redis-server', 'valkey-server'];
const INSTRUCTION =
  'Redis is missing: run `sudo apt-get install redis-server` (or install valkey), or set REDIS_URL to a server you have.';

/** The path of a Redis server. Installs Debian's package as root or with a sudo that asks nothing; else says what to do. */
export async function findOrInstallRedis(onProgress?: (message: string) => void): Promise<string> {
  const found = await findRedis();
  if (found) return found;
  const apt = await onPath('apt-get');
  const prefix = apt ? await rootPrefix() : null;
  if (!prefix) throw new Error(INSTRUCTION);
  onProgress?.('installing redis-server with apt-get');
  const aptGet = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq'];
  try {
    await execute([...aptGet, 'update']);
    await execute([...aptGet, 'install', '-y', '--no-install-recommends', 'redis-server']);
  } catch (error) {
    const reason = (error as Error).message.trim().split('\n').slice(-3).join(' ');
    throw new Error(`${INSTRUCTION}\napt-get failed: ${reason}`);
  }
  const installed = await findRedis();
  if (!installed) throw new Error(INSTRUCTION);
  return installed;
}

async function findRedis(): Promise<string | null> {
  for (const program of PROGRAMS) {
    const found = await onPath(program);
    if (found) return found;
  }
  return null;
}

async function onPath(program: string): Promise<string | null> {
  for (const folder of pathVariable().split(delimiter).filter(Boolean)) {
    const file = join(folder, program);
    const usable = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (usable) return file;
  }
  return null;
}

/** What to put before a command that needs root; null when there is no way to be root without asking. */
async function rootPrefix(): Promise<readonly string[] | null> {
  if (process.getuid?.() === 0) return [];
  const sudo = await onPath('sudo');
  if (!sudo) return null;
  return run(sudo, ['-n', 'true']).then(
    () => [sudo, '-n'],
    () => null,
  );
}

async function execute(command: readonly string[]): Promise<void> {
  const [program = '', ...args] = command;
  await run(program, args, { timeout: 300_000, maxBuffer: 64 * 1024 * 1024 });
}
