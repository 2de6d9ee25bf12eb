/**
 * The databases that a `db` or `outbox` command works on: every domain's, or one domain's.
 */
import type { DatabaseUrls, Domain } from '@lyceum/database';
import type { DomainOption } from '../options.ts';
import { withShards } from '../shards/open-shards.ts';

export interface DomainShards {
  readonly domain: Domain;
  readonly urls: DatabaseUrls;
}

/** Shards that joined since the stack began included. While a primary is away the shards are those known without it. */
export async function readDomainShards({ domain }: DomainOption): Promise<DomainShards[]> {
  return withShards(domain, (all) =>
    Promise.all(
      all.map(async (lines) => {
        await lines.refresh().catch(() => {});
        const urls = Object.fromEntries(lines.names.map((shard) => [shard, lines.urlsOf(shard)]));
        return { domain: lines.domain, urls };
      }),
    ),
  );
}
