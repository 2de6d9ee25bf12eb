/**
 * Makes a new cluster a shard of a domain: its database, its schema, what every shard holds, and its place on the map.
 */
import { type Domain, databaseName, type Member, migrate } from '@lyceum/database';
import { joinShard, type Lines, type MapLock } from '@lyceum/database/shards';
import pg from 'pg';
import { Failure, reasonOf } from '../failure.ts';
import { say } from '../output.ts';

export async function addShard(lines: Lines, lock: MapLock, name: string, member: Member): Promise<void> {
  if (name in lines.map.members) {
    say(`${lines.domain}  ${name} is a member already`);
    return;
  }
  const url = lines.urlFor(name, member);
  await createDatabase(lines.domain, url);
  await migrate({ domain: lines.domain, urls: { [name]: url } });
  await lock.assertHeld();
  await joinShard(lines, name, member);
  say(`${lines.domain}  ${name} joined, without buckets yet (version ${lines.map.version} of the map)`);
}

async function createDatabase(domain: Domain, url: string): Promise<void> {
  const name = decodeURIComponent(new URL(url).pathname.slice(1)) || databaseName(domain);
  const maintenance = new URL(url);
  maintenance.pathname = '/postgres';
  const client = new pg.Client({ connectionString: maintenance.href, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rows.length === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
  } catch (error) {
    throw new Failure(`${maintenance.host} cannot take the database ${name}: ${reasonOf(error)}`, { cause: error });
  } finally {
    await client.end().catch(() => {});
  }
}
