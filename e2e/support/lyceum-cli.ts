/**
 * Runs the `lyceum` command as an operator does: a process of its own with the tenant's environment.
 */
import { execFile } from 'node:child_process';
import path from 'node:path';

const main = path.resolve(import.meta.dirname, '../../cli/src/main.ts');
const timeoutMs = 120_000;

export interface CommandResult {
  readonly code: number;
  /** Standard output and standard error, in that order. */
  readonly output: string;
}

export function lyceum(args: readonly string[], env: Readonly<Record<string, string>>): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      [main, ...args],
      { env: { PATH: path.dirname(process.execPath), ...env }, timeout: timeoutMs, maxBuffer: 16 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error && typeof error.code !== 'number') reject(error);
        else resolve({ code: child.exitCode ?? 1, output: `${stdout}${stderr}` });
      },
    );
  });
}
