/**
 * `lyceum db migrate`: applies what is pending, domain after domain, the shards of a domain together.
 */
import { type MigrationProgress, migrate, migrationStatus } from '@lyceum/database';
import { Command } from 'commander';
import { Failure, reasonOf } from '../failure.ts';
import { type DomainOption, domainOption } from '../options.ts';
import { counted, dim, say } from '../output.ts';
import { type DomainShards, readDomainShards } from './domain-shards.ts';

interface Options extends DomainOption {
  readonly dryRun?: boolean;
}

export function migrateCommand(): Command {
  return new Command('migrate')
    .description('apply pending migrations on every shard, and go on with what was cut off')
    .addOption(domainOption())
    .option('--dry-run', 'say what would be applied, and change nothing')
    .addHelpText(
      'after',
      '\nThe first failure stops what has not begun and says how far every shard is; run it again to go on from there.',
    )
    .action(run);
}

async function run({ dryRun, ...options }: Options): Promise<void> {
  const domains = await readDomainShards(options);
  let applied = 0;
  for (const [index, shards] of domains.entries()) {
    const notBegun = domains.slice(index + 1).map(({ domain }) => domain);
    try {
      applied += await (dryRun ? preview(shards) : apply(shards));
    } catch (error) {
      const rest = notBegun.length === 0 ? '' : `\nNot begun: ${notBegun.join(', ')}.`;
      const advice = dryRun ? '' : '\nWhat was applied stays; run it again to go on from there.';
      throw new Failure(`${reasonOf(error)}${rest}${advice}`, { cause: error });
    }
  }
  if (applied === 0) say('Everything is applied.');
  else say(dryRun ? `${counted(applied, 'migration')} would be applied.` : `${counted(applied, 'migration')} applied.`);
}

async function apply({ domain, urls }: DomainShards): Promise<number> {
  const primaries = Object.entries(urls).map(([shard, { primary }]) => [shard, primary]);
  const results = await migrate({
    domain,
    urls: Object.fromEntries(primaries),
    onProgress: (progress) => {
      const line = lineOf(progress);
      if (line) say(`${domain} on ${progress.shard}: ${line}`);
    },
  });
  return results.reduce((sum, result) => sum + result.applied.length, 0);
}

function lineOf(progress: MigrationProgress): string | null {
  switch (progress.kind) {
    case 'waiting':
      return dim(`waits for ${progress.holder}`);
    case 'resumed':
      return `${progress.migration} was cut off, goes on with step ${progress.step} of ${progress.of}`;
    case 'step':
      return dim(`${progress.migration}, step ${progress.step} of ${progress.of} done`);
    case 'applied':
      return `${progress.migration} applied`;
    case 'done':
      return null;
  }
}

async function preview({ domain, urls }: DomainShards): Promise<number> {
  let count = 0;
  for (const [shard, { primary }] of Object.entries(urls)) {
    const { halfApplied, pending, drifted } = await migrationStatus(domain, primary);
    if (drifted[0]) throw new Failure(`${domain} on ${shard}: ${drifted[0].migration} ${drifted[0].reason}.`);
    if (halfApplied) {
      const { migration, stepsDone } = halfApplied;
      say(
        `${domain} on ${shard}: would go on with ${migration.name}, step ${stepsDone + 1} of ${migration.steps?.length}`,
      );
    }
    for (const { name, steps } of pending) {
      say(`${domain} on ${shard}: would apply ${name}${steps ? ` in ${counted(steps.length, 'step')}` : ''}`);
    }
    count += pending.length + (halfApplied ? 1 : 0);
  }
  return count;
}
