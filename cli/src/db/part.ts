/**
 * Which databases a command is about: `--domain` and `--shard`, each of them or neither; and what it shows of them.
 */
import type { Domain } from '@lyceum/database';
import type { Command } from 'commander';
import { type DomainOption, domainOption } from '../options.ts';
import { counted } from '../output.ts';

export interface PartOptions extends DomainOption {
  readonly shard?: string;
}

export function withPart(command: Command): Command {
  return command.addOption(domainOption()).option('--shard <shard>', 'only this one');
}

interface Copied {
  readonly domain: Domain;
  readonly shard: string;
  readonly tables: readonly { readonly rows: number; readonly bytes: number }[];
}

/** Such as `progress/s1    12,345 rows in 14 tables, 3.2 MB`. */
export function describeDatabase({ domain, shard, tables }: Copied): string {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const megabytes = tables.reduce((sum, table) => sum + table.bytes, 0) / 1e6;
  return `${`${domain}/${shard}`.padEnd(14)} ${counted(rows, 'row')} in ${counted(tables.length, 'table')}, ${megabytes.toFixed(1)} MB`;
}
