/**
 * `lyceum db drift`: holds every database against schema.prisma.
 */
import { findDrift } from '@lyceum/database';
import { Command } from 'commander';
import { Failure } from '../failure.ts';
import { type DomainOption, domainOption } from '../options.ts';
import { counted, dim, green, red, say } from '../output.ts';
import { readDomainShards } from './domain-shards.ts';

export function driftCommand(): Command {
  return new Command('drift')
    .description('compare every database with its schema.prisma and beyond-prisma.yaml')
    .addOption(domainOption())
    .action(drift);
}

async function drift(options: DomainOption): Promise<void> {
  let differences = 0;
  for (const { domain, urls } of await readDomainShards(options)) {
    for (const [shard, { primary }] of Object.entries(urls)) {
      const found = await findDrift(domain, primary);
      differences += found.length;
      say(
        `${found.length === 0 ? green('✓') : red('✗')} ${domain} on ${shard}${found.length === 0 ? dim(' agrees') : ''}`,
      );
      for (const { object, problem } of found) say(`    ${object} ${problem}`);
    }
  }
  if (differences > 0) throw new Failure(`${counted(differences, 'difference')}.`);
}
