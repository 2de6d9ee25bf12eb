/**
 * The folder `.lyceum/dev` (or LYCEUM_DIR): where everything of a development stack lies, and what the last launcher wrote down.
 */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine, isAlive, until } from '@lyceum/local-stack';
import { dataDirectory } from './config.ts';

const directory = dataDirectory();

export const paths = {
  directory,
  lock: join(directory, 'launcher.lock'),
  logs: join(directory, 'logs'),
  postgres: join(directory, 'postgres'),
  redis: join(directory, 'redis'),
  secrets: join(directory, 'secrets'),
  stackEnv: join(directory, 'stack.env'),
  children: join(directory, 'children.json'),
  seeded: join(directory, 'seeded'),
} as const;

export function logFile(name: string): string {
  return join(paths.logs, `${name}.log`);
}

/** Removes everything but the lock, which is ours. */
export function wipe(): void {
  for (const name of readdirSync(directory)) {
    if (join(directory, name) !== paths.lock) rmSync(join(directory, name), { recursive: true, force: true });
  }
}

export interface Secrets {
  readonly claimsSecret: string;
  readonly privateKeyFile: string;
}

/** Made once, then kept: tokens stay valid over restarts. */
export function openSecrets(): Secrets {
  mkdirSync(paths.secrets, { recursive: true, mode: 0o700 });
  const claimsFile = join(paths.secrets, 'claims.secret');
  const privateKeyFile = join(paths.secrets, 'auth.key.pem');
  if (!existsSync(claimsFile)) writeWhole(claimsFile, randomBytes(32).toString('hex'));
  if (!existsSync(privateKeyFile)) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeWhole(privateKeyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  }
  return { claimsSecret: readFileSync(claimsFile, 'utf8').trim(), privateKeyFile };
}

/** Every variable that a service or the command line tool needs, in dotenv's format. */
export function writeStackEnv(variables: Readonly<Record<string, string>>): void {
  const lines = Object.entries(variables)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, value]) => `${name}=${/^[\w:/.@,%?=&+-]*$/.test(value) ? value : JSON.stringify(value)}`);
  writeWhole(
    paths.stackEnv,
    `# Written by npm start; holds secrets of this machine's development stack.\n${lines.join('\n')}\n`,
  );
}

/** Whether these databases were seeded from here before. */
export function isSeeded(databases: string): boolean {
  return existsSync(paths.seeded) && readFileSync(paths.seeded, 'utf8') === fingerprint(databases);
}

export function markSeeded(databases: string): void {
  writeWhole(paths.seeded, fingerprint(databases));
}

function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

interface Child {
  readonly pid: number;
  /** A part of its command line, to tell it from a stranger with its number. */
  readonly entry: string;
}

export function writeChildren(children: readonly Child[]): void {
  writeWhole(paths.children, JSON.stringify(children));
}

/** Services leave by themselves when their launcher is killed; this waits for them, and ends those that hang. */
export async function stopLeftoverServices(): Promise<void> {
  if (!existsSync(paths.children)) return;
  const children = JSON.parse(readFileSync(paths.children, 'utf8')) as Child[];
  await Promise.all(
    children.map(async ({ pid, entry }) => {
      const isGone = () => !isAlive(pid) || !commandLine(pid).includes(entry);
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        if (isGone()) return;
        process.kill(pid, signal);
        await until(isGone, 15_000, 50);
      }
    }),
  );
  rmSync(paths.children, { force: true });
}

/** The old content or the new one, never a part. */
function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
