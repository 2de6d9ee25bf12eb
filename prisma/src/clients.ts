/**
 * Prisma clients over our own pools. Only the clients of the domain in use are loaded.
 */
import { createHash } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import type pg from 'pg';
import type { Domain } from './domain.ts';
import type { PrismaClients } from './types.ts';

type Constructors = { [D in Domain]: new (options: { adapter: PrismaPg }) => PrismaClients[D] };

const LOADERS: { [D in Domain]: () => Promise<Constructors[D]> } = {
  users: async () => (await import('./__generated__/users/client.ts')).PrismaClient,
  courses: async () => (await import('./__generated__/courses/client.ts')).PrismaClient,
  progress: async () => (await import('./__generated__/progress/client.ts')).PrismaClient,
  ai: async () => (await import('./__generated__/ai/client.ts')).PrismaClient,
};

export type ClientFactory<D extends Domain> = (pool: pg.Pool) => PrismaClients[D];

export async function loadClientFactory<D extends Domain>(domain: D): Promise<ClientFactory<D>> {
  const PrismaClient: Constructors[D] = await LOADERS[domain]();
  return (pool) => {
    const adapter = new PrismaPg(pool, { statementNameGenerator: statementNames(), onPoolError: () => {} });
    return new PrismaClient({ adapter });
  };
}

/** Past so many different statements the rest goes unnamed: lists of changing length must not fill the server's memory. */
const NAMED_STATEMENTS = 300;

/** Named statements are parsed and planned once per connection. */
function statementNames(): (query: { sql: string }) => string {
  const names = new Map<string, string>();
  return ({ sql }) => {
    const known = names.get(sql);
    if (known !== undefined) return known;
    if (names.size >= NAMED_STATEMENTS || sql.length > 4_000) return '';
    const name = `l${createHash('sha1').update(sql).digest('base64url')}`;
    names.set(sql, name);
    return name;
  };
}
