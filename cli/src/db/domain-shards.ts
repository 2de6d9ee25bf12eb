/**
 * The databases that a `db` or `outbox` command works on: every domain's, or one domain's.
 */
import { type DatabaseUrls, DOMAINS, type Domain, firstMap } from '@lyceum/database';
import { Lines } from '@lyceum/database/shards';
import { Option } from 'commander';
import { readStackEnvironment } from '../config.ts';
import { readShards } from '../stack.ts';

export interface DomainOption {
  readonly domain?: Domain;
}

export function domainOption(): Option {
  return new Option('--domain <domain>', 'only this one').choices(DOMAINS);
}

export interface DomainShards {
  readonly domain: Domain;
  readonly urls: DatabaseUrls;
}

/** Shards that joined since the stack began included. While a primary is away the shards are those known without it. */
export async function readDomainShards({ domain }: DomainOption): Promise<DomainShards[]> {
  const { variables } = readStackEnvironment();
  const { current } = await readShards(variables);
  const domains = domain ? [domain] : DOMAINS;
  return Promise.all(
    domains.map(async (name) => {
      const lines = new Lines({ env: variables, domain: name, first: firstMap(current, name) });
      try {
        await lines.refresh().catch(() => {});
        return { domain: name, urls: Object.fromEntries(lines.names.map((shard) => [shard, lines.urlsOf(shard)])) };
      } finally {
        await lines.close();
      }
    }),
  );
}
