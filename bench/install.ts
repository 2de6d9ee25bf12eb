/**
 * Installs the peers when they are missing or differ from their lock files. The root never does: it needs none of them.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmCommand, npmEnvironment } from './config.ts';

const folders = [import.meta.dirname, join(import.meta.dirname, 'gateway/peers/mercurius')];

interface Lock {
  packages?: Record<string, { version?: string; optional?: boolean }>;
}

function readLock(file: string): Lock {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Lock) : {};
}

function isInstalled(folder: string): boolean {
  const installed = readLock(join(folder, 'node_modules/.package-lock.json')).packages;
  if (!installed) return false;
  const wanted = Object.entries(readLock(join(folder, 'package-lock.json')).packages ?? {});
  return wanted.every(([path, { version, optional }]) => !path || optional || installed[path]?.version === version);
}

function runNpm(folder: string, words: readonly string[]): Promise<number> {
  const [command, ...prefix] = npmCommand;
  const args = [...prefix, ...words, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: folder, stdio: 'inherit', env: npmEnvironment });
    child.once('error', () => resolve(127));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** Throws when npm does not manage. */
export async function installPeers(): Promise<void> {
  for (const folder of folders) {
    if (isInstalled(folder)) continue;
    console.log(`Installing the peers in ${folder}. The first time takes two minutes or more.`);
    const started = Date.now();
    const heartbeat = setInterval(
      () => console.log(`  still installing (${Math.round((Date.now() - started) / 1000)} s)`),
      15_000,
    );
    // A registry that lacks an optional package of some other platform makes `npm ci` give up; `npm install` does not.
    const code = (await runNpm(folder, ['ci'])) && (await runNpm(folder, ['install', '--no-save']));
    clearInterval(heartbeat);
    if (code !== 0) throw new Error(`npm failed (exit code ${code}) in ${folder}; its messages are above.`);
  }
}
