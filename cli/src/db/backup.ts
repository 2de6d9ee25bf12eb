/**
 * `lyceum db backup`: copies databases into a new folder while the stack is in use.
 */
import { backUp, DOMAINS, readDatabaseUrls, shardsOf } from '@lyceum/database';
import { Command } from 'commander';
import { type Environment, readStackEnvironment } from '../config.ts';
import { Failure } from '../failure.ts';
import { dim, say, showProgress } from '../output.ts';
import { readShards } from '../stack.ts';
import { describeDatabase, type PartOptions, withPart } from './part.ts';

interface Options extends PartOptions {
  readonly out: string;
}

export function backupCommand(): Command {
  return withPart(new Command('backup'))
    .description('copy databases into a new folder; services go on meanwhile')
    .requiredOption('--out <folder>', 'a folder that does not exist or is empty; it will hold password hashes')
    .addHelpText('after', '\nEach shard is copied as of one moment. docs/runbooks/backup-and-restore.md says more.')
    .action(backup);
}

async function backup({ out, ...part }: Options): Promise<void> {
  const { variables } = readStackEnvironment();
  const sources = await sourcesOf(variables, part);
  const progress = showProgress('Rows');
  try {
    const { id, databases } = await backUp({ folder: out, sources, onProgress: progress.update });
    progress.end();
    for (const database of databases) say(describeDatabase(database));
    say(`Backup ${id} is in ${out}. ${dim('`npx lyceum db verify` checks it.')}`);
  } finally {
    progress.end();
  }
}

async function sourcesOf(variables: Environment, { domain, shard }: PartOptions) {
  const { current: policy } = await readShards(variables);
  const sources = DOMAINS.filter((name) => (domain ?? name) === name).flatMap((name) => {
    const shards = shardsOf(policy, name).filter((one) => (shard ?? one) === one);
    const urls = readDatabaseUrls(variables, name, shards);
    return shards.map((one) => ({ domain: name, shard: one, url: urls[one]!.primary }));
  });
  if (sources.length === 0)
    throw new Failure(`config/shards.yaml has no shard ${shard}${domain ? ` of ${domain}` : ''}.`);
  return sources;
}
