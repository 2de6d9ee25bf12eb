/**
 * One migrated database per domain and shard, from which tenants are cloned.
 */
import { DOMAINS, type Domain, migrate } from '@lyceum/database';
import pg from 'pg';
import { databaseUrl, type ShardCoordinates } from './coordinates.ts';
import { withConnection } from './sql.ts';

export function templateName(domain: Domain): string {
  return `template_${domain}`;
}

/** Shards and domains together: each migration mostly waits for its server. */
export async function createTemplates(shards: readonly ShardCoordinates[]): Promise<void> {
  await Promise.all(
    shards.map(({ primaryUrl }) =>
      withConnection(primaryUrl, async (client) => {
        for (const domain of DOMAINS) await client.query(`CREATE DATABASE ${templateName(domain)}`);
      }),
    ),
  );
  await Promise.all(
    DOMAINS.map((domain) =>
      migrate({
        domain,
        urls: Object.fromEntries(
          shards.map(({ name, primaryUrl }) => [name, databaseUrl(primaryUrl, templateName(domain))]),
        ),
      }),
    ),
  );
}

/** Clones a template on one server. PostgreSQL refuses while anybody is still connected to the template. */
export async function cloneTemplate(client: pg.Client, domain: Domain, name: string): Promise<void> {
  await client.query(
    `CREATE DATABASE ${pg.escapeIdentifier(name)} TEMPLATE ${templateName(domain)} STRATEGY FILE_COPY`,
  );
}
