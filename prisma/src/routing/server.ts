/**
 * One server of a shard, as a pool and a Prisma client for each workload, opened when first used.
 */
import type pg from 'pg';
import type { ClientFactory } from '../connections/clients.ts';
import type { Workload } from '../connections/pools.ts';
import type { Domain } from '../domain.ts';
import type { PrismaClients } from '../types.ts';

interface Line<D extends Domain, P extends pg.Pool> {
  readonly pool: P;
  readonly client: PrismaClients[D];
}

export class Server<D extends Domain, P extends pg.Pool = pg.Pool> {
  readonly #openPool: (workload: Workload) => P;
  readonly #createClient: ClientFactory<D>;
  readonly #lines = new Map<Workload, Line<D, P>>();

  constructor(openPool: (workload: Workload) => P, createClient: ClientFactory<D>) {
    this.#openPool = openPool;
    this.#createClient = createClient;
  }

  pool(workload: Workload): P {
    return this.#line(workload).pool;
  }

  client(workload: Workload): PrismaClients[D] {
    return this.#line(workload).client;
  }

  /** Waits for what is running. */
  async close(): Promise<void> {
    const lines = [...this.#lines.values()];
    await Promise.all(lines.map(({ client }) => client.$disconnect()));
    await Promise.all(lines.map(({ pool }) => pool.end()));
  }

  #line(workload: Workload): Line<D, P> {
    let line = this.#lines.get(workload);
    if (!line) {
      const pool = this.#openPool(workload);
      line = { pool, client: this.#createClient(pool) };
      this.#lines.set(workload, line);
    }
    return line;
  }
}
