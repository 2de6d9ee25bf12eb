/**
 * Fills empty databases by the command line tool, as anybody could do by hand: `npx lyceum seed`.
 */
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@lyceum/local-stack';
import { logFile } from './state.ts';

/** Throws with the end of what the tool said. Ends the tool when `signal` fires. */
export async function seed(
  env: Readonly<Record<string, string>>,
  report: (message: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const log = createWriteStream(logFile('seed'), { flags: 'a', mode: 0o600 });
  const child = spawn(process.execPath, [join(repositoryRoot, 'cli/src/main.ts'), 'seed'], {
    cwd: repositoryRoot,
    env,
    signal,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      log.write(text);
      const said = text.split(/[\r\n]+/).filter((line) => line.trim() !== '');
      lines.push(...said);
      const last = said.at(-1);
      if (last) report(last.trim());
    });
  }
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code !== 0) throw new Error(`npx lyceum seed failed (exit code ${code}):\n${lines.slice(-15).join('\n')}`);
  } finally {
    log.end();
  }
}
