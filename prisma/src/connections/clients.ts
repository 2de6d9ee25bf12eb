/**
 * Prisma clients over our own pools. Only the clients of the domain in use are loaded. Raw SQL goes past Prisma's engine.
 */
import { PrismaPg } from '@prisma/adapter-pg';
import type pg from 'pg';
import type { Domain } from '../domain.ts';
import { lendingPool } from '../statements/lent-connection.ts';
import { createRawSql, type RawSql } from '../statements/raw-sql.ts';
import { statementName } from '../statements/statement-names.ts';
import type { PrismaClients } from '../types.ts';

type Constructors = { [D in Domain]: new (options: { adapter: PrismaPg }) => PrismaClients[D] };

const LOADERS: { [D in Domain]: () => Promise<Constructors[D]> } = {
  users: async () => (await import('../__generated__/users/client.ts')).PrismaClient,
  courses: async () => (await import('../__generated__/courses/client.ts')).PrismaClient,
  progress: async () => (await import('../__generated__/progress/client.ts')).PrismaClient,
  ai: async () => (await import('../__generated__/ai/client.ts')).PrismaClient,
};

export type ClientFactory<D extends Domain> = (pool: pg.Pool) => PrismaClients[D];

export async function loadClientFactory<D extends Domain>(domain: D): Promise<ClientFactory<D>> {
  const PrismaClient: Constructors[D] = await LOADERS[domain]();
  return (pool) => {
    const adapter = new PrismaPg(lendingPool(pool), {
      statementNameGenerator: ({ sql }) => statementName(sql),
      onPoolError: () => {},
    });
    return withRawSql(new PrismaClient({ adapter }), createRawSql(pool));
  };
}

/**
 * Prisma's client is a stack of proxies, slow to say that it is no promise, which each `await` on the way of a client
 * asks. In front of it the names that matter are found at once.
 */
function withRawSql<Client extends object>(client: Client, raw: RawSql): Client {
  return new Proxy(client, {
    get(target, key) {
      if (key === 'then') return undefined;
      return Object.hasOwn(raw, key) ? Reflect.get(raw, key) : Reflect.get(target, key);
    },
  });
}
