/**
 * `lyceum shards …` as an operator runs it, a process of its own, which may be killed on its way.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { repositoryRoot } from '@lyceum/local-stack';
import { sleep } from '@lyceum/service-kit';

export interface CommandResult {
  readonly code: number | null;
  /** Whether the signal came before its own end. */
  readonly killed: boolean;
  /** Everything it printed. */
  readonly output: string;
}

export interface CommandOptions {
  readonly env: Readonly<Record<string, string>>;
  /** SIGKILL at a random moment soon after a line that holds this. */
  readonly killAt?: string;
  /** How soon at the latest. */
  readonly killWithinMs?: number;
  readonly onLine?: (line: string) => void;
}

const KILL_WITHIN_MS = 150;

export async function lyceumShards(args: readonly string[], o: CommandOptions): Promise<CommandResult> {
  const child = spawn(process.execPath, [join(repositoryRoot, 'cli/src/main.ts'), 'shards', ...args], {
    env: { PATH: dirname(process.execPath), ...o.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let isKilled = false;
  const read = async (stream: NodeJS.ReadableStream) => {
    for await (const line of createInterface({ input: stream })) {
      output += `${line}\n`;
      o.onLine?.(line);
      if (o.killAt === undefined || isKilled || !line.includes(o.killAt)) continue;
      isKilled = true;
      await sleep(Math.random() * (o.killWithinMs ?? KILL_WITHIN_MS));
      child.kill('SIGKILL');
    }
  };
  const [[code]] = await Promise.all([once(child, 'close'), read(child.stdout), read(child.stderr)]);
  return { code: code as number | null, killed: child.signalCode === 'SIGKILL', output };
}
