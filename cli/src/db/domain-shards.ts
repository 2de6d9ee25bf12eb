/**
 * The databases that a `db` command works on: every domain's, or one domain's.
 */
import { type DatabaseUrls, DOMAINS, type Domain, readDatabaseUrls, shardsOf } from '@lyceum/database';
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

export async function readDomainShards({ domain }: DomainOption): Promise<DomainShards[]> {
  const { variables } = readStackEnvironment();
  const { current } = await readShards(variables);
  const domains = domain ? [domain] : DOMAINS;
  return domains.map((name) => ({ domain: name, urls: readDatabaseUrls(variables, name, shardsOf(current, name)) }));
}
