/**
 * One shard of a domain: a client of the primary, clients of the replicas, and the choice between them.
 */
import { type Logger, withTimeout } from '@lyceum/service-kit';
import type pg from 'pg';
import type { ClientFactory } from './clients.ts';
import type { DatabaseMetrics } from './database-metrics.ts';
import type { Domain } from './domain.ts';
import { openPool, ReplicaPool } from './pools.ts';
import { type Position, toPosition } from './position.ts';
import { Replica } from './replica.ts';
import type { Client, PrismaClients } from './types.ts';
import type { ShardUrls } from './urls.ts';

const POOL_MAX = 8;
const CHECK_EVERY_MS = 1_000;
/** How long a read waits for a replica to catch up before it goes to the primary. */
const REPLICA_WAIT_MS = 20;
const WARM_UP_MS = 2_000;

/** What every domain's client has. */
type WarmableClient = Pick<PrismaClients['users'], 'outboxMessage'>;

interface ReplicaMember<D extends Domain> {
  readonly state: Replica;
  readonly pool: ReplicaPool;
  readonly client: PrismaClients[D];
}

export interface ShardOptions<D extends Domain> {
  readonly domain: D;
  readonly name: string;
  readonly urls: ShardUrls;
  readonly createClient: ClientFactory<D>;
  readonly metrics: DatabaseMetrics;
  readonly log: Logger;
}

export class Shard<D extends Domain> {
  readonly name: string;
  readonly primary: PrismaClients[D];
  readonly pool: pg.Pool;
  readonly #metrics: DatabaseMetrics;
  readonly #log: Logger;
  readonly #replicas: ReplicaMember<D>[];
  #next = 0;
  #timer: NodeJS.Timeout | undefined;
  #checking: Promise<void> = Promise.resolve();
  #closed = false;

  constructor({ domain, name, urls, createClient, metrics, log }: ShardOptions<D>) {
    const settings = { max: POOL_MAX, applicationName: `lyceum-${domain}` };
    this.name = name;
    this.#metrics = metrics;
    this.#log = log.child({ domain, shard: name });
    this.pool = openPool(urls.primary, settings);
    this.pool.on('error', (err) => this.#log.warn({ err }, 'idle connection to a primary lost'));
    this.primary = createClient(this.pool);
    this.#replicas = urls.replicas.map((url, index) => {
      const pool: ReplicaPool = new ReplicaPool(url, settings, this.pool, (err) => {
        state.fault();
        this.#metrics.read(name, 'primary', 'failed_over');
        this.#log.warn({ err, replica: index }, 'a replica failed, the primary answers');
      });
      pool.on('error', () => {});
      const state = new Replica({
        askReplayed: async () =>
          (await pool.ask<{ replayed: string }>('SELECT pg_last_wal_replay_lsn()::text AS replayed')).replayed,
      });
      return { state, pool, client: createClient(pool) };
    });
  }

  /** Warms the clients up and checks the replicas, then checks them each second. Servers that are away are no error. */
  async open(): Promise<void> {
    await this.#warmUp();
    if (this.#replicas.length === 0) return;
    await this.#checkReplicas();
    this.#schedule();
  }

  /** Without replicas nobody has to know what a reader has seen. */
  get hasReplicas(): boolean {
    return this.#replicas.length > 0;
  }

  /** Any healthy replica that has replayed `position` (null: any healthy one), else the primary. */
  async reader(position: Position | null): Promise<Client<D>> {
    if (!this.hasReplicas) return this.readPrimary('no_replica');
    const healthy = this.#replicas.filter(({ state }) => state.healthy);
    const chosen = healthy[this.#next++ % Math.max(healthy.length, 1)];
    if (!chosen) return this.readPrimary('unhealthy');
    if (position !== null && !(await chosen.state.reaches(position, REPLICA_WAIT_MS))) {
      return this.readPrimary('behind');
    }
    this.#metrics.read(this.name, 'replica', 'fresh');
    return chosen.client;
  }

  readPrimary(reason: 'asked' | 'behind' | 'unhealthy' | 'no_replica' | 'positions_unknown'): Client<D> {
    this.#metrics.read(this.name, 'primary', reason);
    return this.primary;
  }

  async check(): Promise<void> {
    await this.pool.query('SELECT 1');
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#checking;
    await Promise.all([this.primary.$disconnect(), ...this.#replicas.map(({ client }) => client.$disconnect())]);
    await Promise.all([this.pool.end(), ...this.#replicas.map(({ pool }) => pool.end())]);
  }

  /** A client's first query loads its query compiler, a tenth of a second: asked here, before the first learner does. */
  async #warmUp(): Promise<void> {
    const clients = [this.primary, ...this.#replicas.map(({ client }) => client)] as readonly WarmableClient[];
    const reads = clients.map((client) => client.outboxMessage.findFirst({ select: { id: true } }));
    await withTimeout(Promise.allSettled(reads), WARM_UP_MS, 'warming up').catch(() => {});
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#checking = this.#checkReplicas().then(() => this.#schedule());
    }, CHECK_EVERY_MS);
    this.#timer.unref();
  }

  async #checkReplicas(): Promise<void> {
    // What is flushed ends with a whole record, so an idle replica can reach it exactly.
    const primaryPosition = await this.pool
      .query<{ lsn: string }>('SELECT pg_current_wal_flush_lsn()::text AS lsn')
      .then(({ rows }) => toPosition(rows[0]!.lsn))
      .catch(() => null);
    await Promise.all(
      this.#replicas.map(async ({ state }, index) => {
        const before = state.healthy;
        await state.tick(primaryPosition);
        this.#metrics.lag(this.name, index, state.healthy ? state.lagMs / 1_000 : -1);
        if (before && !state.healthy) this.#log.warn({ replica: index }, 'a replica is out of use');
        if (!before && state.healthy) this.#log.debug({ replica: index }, 'a replica is in use');
      }),
    );
  }
}
