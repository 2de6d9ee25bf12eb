/**
 * `npm run check`: everything that can be said about the code without running the product.
 *
 * All checks run, also after one has failed, so that one run tells everything; the exit code is 1 if any failed.
 * `npm run check -- types lint` runs only those that are named.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { styleText } from 'node:util';
import { repositoryRoot } from './graph/supergraph-config.ts';

interface Check {
  readonly name: string;
  /** What a failure means, for people. */
  readonly promise: string;
  readonly command: readonly [string, ...string[]];
}

const checks: readonly Check[] = [
  {
    name: 'lint',
    promise: 'format and lint rules hold',
    command: ['biome', 'ci', '--colors=off', '--error-on-warnings', '.'],
  },
  { name: 'types', promise: 'the types agree', command: ['tsc', '--noEmit', '-p', 'tsconfig.json'] },
  {
    name: 'boundaries',
    promise: 'imports keep the directions of the architecture',
    command: ['depcruise', '--config', '.dependency-cruiser.cjs', ...workspaceFolders()],
  },
  { name: 'dead-code', promise: 'nothing is unused', command: ['knip', '--no-progress'] },
  { name: 'supergraph', promise: 'supergraph.graphql is composed', command: ['node', 'tools/compose.ts', '--check'] },
  { name: 'generated', promise: 'generated types are fresh', command: ['node', 'tools/generate.ts', '--check'] },
];

function workspaceFolders(): string[] {
  return ['gateway', 'subgraphs', 'workers', 'prisma', 'packages', 'cli', 'tools', 'e2e', 'chaos', 'bench'];
}

/** Resolves to the exit code and everything printed. */
async function run([command, ...args]: Check['command']): Promise<{ code: number; output: string }> {
  const child = spawn(path.join(repositoryRoot, 'node_modules/.bin', command), args, {
    cwd: repositoryRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk));
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => resolve(exitCode ?? 1));
  });
  return { code, output };
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
  const unknown = wanted.filter((name) => !checks.some((check) => check.name === name));
  if (unknown.length > 0) {
    console.error(`No check is named ${unknown.join(', ')}. There are: ${checks.map(({ name }) => name).join(', ')}.`);
    process.exitCode = 2;
    return;
  }
  for (const check of checks.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    const started = performance.now();
    const { code, output } = await run(check.command);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const verdict = code === 0 ? styleText('green', 'ok  ') : styleText('red', 'FAIL');
    console.log(`${verdict} ${check.name.padEnd(12)} ${check.promise} (${seconds} s)`);
    if (code !== 0) {
      console.log(output.trimEnd().replace(/^/gm, '     '));
      process.exitCode = 1;
    }
  }
}

await main();
