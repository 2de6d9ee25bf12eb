/**
 * Finds a server's program on this machine, or installs Debian's where that needs no question.
 */
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { pathVariable } from './config.ts';

const run = promisify(execFile);

export interface Program {
  /** Any of these will do; the first that is found. */
  readonly names: readonly string[];
  /** Debian's package. */
  readonly aptPackage: string;
  /** Told when it is missing and cannot be installed. */
  readonly instruction: string;
}

/** Where Debian puts servers, which is not on everybody's PATH. */
const SERVER_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

/** The path of the program. Installs Debian's package as root or with a sudo that asks nothing; else says what to do. */
export async function findOrInstall(program: Program, onProgress?: (message: string) => void): Promise<string> {
  const { aptPackage, instruction } = program;
  const found = await find(program);
  if (found) return found;
  const apt = await onPath('apt-get');
  const prefix = apt ? await rootPrefix() : null;
  if (!prefix) throw new Error(instruction);
  onProgress?.(`installing ${aptPackage} with apt-get`);
  const aptGet = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq'];
  try {
    await execute([...aptGet, 'update']);
    await execute([...aptGet, 'install', '-y', '--no-install-recommends', aptPackage]);
  } catch (error) {
    const reason = (error as Error).message.trim().split('\n').slice(-3).join(' ');
    throw new Error(`${instruction}\napt-get failed: ${reason}`);
  }
  const installed = await find(program);
  if (!installed) throw new Error(instruction);
  return installed;
}

async function find({ names }: Program): Promise<string | null> {
  for (const name of names) {
    const found = await onPath(name);
    if (found) return found;
  }
  return null;
}

async function onPath(name: string): Promise<string | null> {
  for (const folder of [...pathVariable().split(delimiter).filter(Boolean), ...SERVER_FOLDERS]) {
    const file = join(folder, name);
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
