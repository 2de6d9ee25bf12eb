/**
 * What the figures were taken on, with what, and when.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Load of the minute before that is taken for somebody at work. */
const BUSY = 1;

export interface Circumstances {
  readonly date: string;
  readonly commit: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memoryGb: number; readonly node: string };
  /** Of the minute before: others who wanted a processor, on average. */
  readonly loadBefore: number;
  /** Package → version, of what is measured. */
  readonly versions: Readonly<Record<string, string>>;
}

export function describeCircumstances(): Circumstances {
  const { 0: cpu, length: cores } = cpus();
  return {
    date: new Date().toISOString(),
    commit: readCommit(),
    machine: {
      cpu: cpu?.model ?? 'unknown',
      cores,
      memoryGb: Math.round(totalmem() / 2 ** 30),
      node: process.version,
    },
    loadBefore: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    versions: readVersions(),
  };
}

/** What others do at the same time is seen in every figure, and nothing here can take it out again. */
export function warnIfBusy({ loadBefore }: Circumstances): void {
  if (loadBefore > BUSY) console.log(`This machine is busy (load ${loadBefore}): figures of this run mean little.`);
}

/** With `+` when files that git knows have been changed since. */
function readCommit(): string {
  const git = (...words: string[]) =>
    execFileSync('git', words, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
    return git('rev-parse', '--short=12', 'HEAD') + (changed ? '+' : '');
  } catch {
    return 'unknown';
  }
}

function readVersions(): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const folder of ['bench', 'bench/gateway/peers/mercurius']) {
    const { dependencies = {} } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    for (const [name, version] of Object.entries(dependencies)) {
      versions[folder === 'bench' || name !== 'graphql' ? name : `${name} (mercurius)`] = version;
    }
  }
  return versions;
}
