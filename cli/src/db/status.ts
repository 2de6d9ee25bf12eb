/**
 * `lyceum db status`: how far the migrations of every domain are, shard by shard.
 */
import { type MigrationHistory, migrationStatus } from '@lyceum/database';
import { Command } from 'commander';
import { Failure, reasonOf } from '../failure.ts';
import { type DomainOption, domainOption } from '../options.ts';
import { counted, dim, green, red, say } from '../output.ts';
import { readDomainShards } from './domain-shards.ts';

export function statusCommand(): Command {
  return new Command('status')
    .description('show what is applied, pending, half applied or drifted on every shard')
    .addOption(domainOption())
    .addHelpText('after', '\nThe exit code is 0 only if everything is applied everywhere.')
    .action(status);
}

async function status(options: DomainOption): Promise<void> {
  let behind = 0;
  for (const { domain, urls } of await readDomainShards(options)) {
    for (const [shard, { primary }] of Object.entries(urls)) {
      const lines = await migrationStatus(domain, primary).then(describe, (error: unknown) => [
        `does not answer (${reasonOf(error)})`,
      ]);
      const isCurrent = lines.length === 0;
      if (!isCurrent) behind += 1;
      const place = `${domain} on ${shard}`.padEnd(16);
      if (isCurrent) say(`${green('✓')} ${place} ${dim('everything is applied')}`);
      for (const line of lines) say(`${red('✗')} ${place} ${line}`);
    }
  }
  if (behind > 0) {
    throw new Failure(
      `${counted(behind, 'database')} not as this checkout needs it: \`npx lyceum db migrate\` applies.`,
    );
  }
}

/** Nothing to say: everything is applied. */
function describe({ pending, halfApplied, drifted, unknown }: MigrationHistory): string[] {
  const lines: string[] = [];
  if (halfApplied) {
    const { migration, stepsDone, failure } = halfApplied;
    const last = failure ? `: ${failure}` : '';
    lines.push(`half applied: ${migration.name}, ${stepsDone} of ${counted(migration.steps!.length, 'step')}${last}`);
  }
  if (pending.length > 0) lines.push(`pending: ${pending.map(({ name }) => name).join(', ')}`);
  for (const { migration, reason } of drifted) lines.push(`drifted: ${migration} ${reason}`);
  if (unknown.length > 0) lines.push(`drifted: ${unknown.join(', ')} applied, but not in this checkout`);
  return lines;
}
