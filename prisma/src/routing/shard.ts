/**
 * One shard of a domain: its primary, its replicas, and the choice between them.
 */
import { type Logger, LyceumError, withTimeout } from '@lyceum/service-kit';
import type pg from 'pg';
import type { ClientFactory } from '../connections/clients.ts';
import type { DatabaseMetrics, PrimaryReason } from '../connections/database-metrics.ts';
import { type DatabasePolicy, poolerOf } from '../connections/database-policy.ts';
import { type PoolSettings, PrimaryPool, ReplicaPool, transactionLimits, type Workload } from '../connections/pools.ts';
import { directOf, type ShardUrls } from '../connections/urls.ts';
import type { Domain } from '../domain.ts';
import type { Client, PrismaClients } from '../types.ts';
import { later, NO_POSITION, type Position, toPosition } from './position.ts';
import { Replica } from './replica.ts';
import { Server } from './server.ts';

/** Reads that may wait for each connection to a primary without replicas: what it serves in a fraction of a second. */
const WAITING_PER_CONNECTION = 200;
const WARM_UP_MS = 2_000;
const CHECK_MS = 1_000;
const VERSION = 'coalesce((SELECT version FROM shard_map), 0) AS version';

/** What every domain's client has. */
type WarmableClient = Pick<PrismaClients['users'], 'outboxMessage'>;

interface ReplicaMember<D extends Domain> {
  readonly state: Replica;
  readonly server: Server<D, ReplicaPool>;
}

/** How fresh the answer of a replica must be. */
export interface Freshness {
  /** Null: any. */
  readonly position: Position | null;
  /** Of the shard map. */
  readonly version: number;
}

export interface ShardOptions<D extends Domain> {
  readonly domain: D;
  readonly name: string;
  readonly urls: ShardUrls;
  /** Those of this process; the first one also asks servers how they are. */
  readonly workloads: readonly [Workload, ...Workload[]];
  readonly policy: DatabasePolicy;
  readonly createClient: ClientFactory<D>;
  readonly metrics: DatabaseMetrics;
  readonly log: Logger;
}

export class Shard<D extends Domain> {
  readonly name: string;
  readonly primary: Server<D>;
  readonly #o: ShardOptions<D>;
  readonly #log: Logger;
  readonly #replicas: readonly ReplicaMember<D>[];
  #version = 0;
  #answers = false;
  #shownAt = Number.NEGATIVE_INFINITY;

  constructor(options: ShardOptions<D>) {
    const { domain, name, urls, createClient, metrics, log } = options;
    this.name = name;
    this.#o = options;
    this.#log = log.child({ domain, shard: name });
    const settings = (workload: Workload) => this.#settings(workload);
    this.primary = new Server((workload) => {
      const pool = new PrimaryPool(urls.primary, settings(workload));
      pool.on('error', (err) => this.#log.warn({ err }, 'idle connection to a primary lost'));
      return pool;
    }, createClient);
    this.#replicas = urls.replicas.map((url, index) => {
      const server = new Server((workload) => {
        const onFault = (err: unknown) => {
          state.fault();
          metrics.read(name, 'primary', 'failed_over');
          this.#log.warn({ err, replica: index }, 'a replica failed, the primary answers');
        };
        const pool = new ReplicaPool(url, settings(workload), () => this.primary.pool(workload), onFault);
        pool.on('error', () => {});
        return pool;
      }, createClient);
      const state: Replica = new Replica({
        ask: () => {
          const asked = server
            .pool(this.#probe)
            .ask<{ replayed: string; version: number }>(
              `SELECT pg_last_wal_replay_lsn()::text AS replayed, ${VERSION}`,
            );
          return withTimeout(asked, CHECK_MS, 'asking a replica');
        },
      });
      return { state, server };
    });
  }

  /** For a connection that no pool gives. */
  get primaryUrl(): string {
    return directOf(this.#o.urls).primary;
  }

  /** What the first SELECT of each transaction on the primary adds to what it selects. */
  limits(workload: Workload): string {
    return transactionLimits(this.#settings(workload));
  }

  /** Warms the clients up. Servers that are away are no error. */
  async open(): Promise<void> {
    const { workloads } = this.#o;
    const reading = workloads.filter((workload) => workload !== 'write');
    const clients = [
      ...workloads.map((workload) => this.primary.client(workload)),
      ...this.#replicas.flatMap(({ server }) => reading.map((workload) => server.client(workload))),
    ] as readonly WarmableClient[];
    // A client's first query loads its query compiler, a tenth of a second: asked here, before the first learner does.
    const reads = clients.map((client) => client.outboxMessage.findFirst({ select: { id: true } }));
    await withTimeout(Promise.allSettled(reads), WARM_UP_MS, 'warming up').catch(() => {});
  }

  /** The quickest of the healthy replicas that are fresh enough, by chance; else the primary. */
  reader(freshness: Freshness, workload: Workload): Client<D> | Promise<Client<D>> {
    if (this.#replicas.length === 0) return this.readPrimary('no_replica', workload);
    const healthy = this.#replicas.filter(({ state }) => state.healthy);
    if (healthy.length === 0) return this.#readAlonePrimary(workload);
    const { position, version } = freshness;
    const fresh = healthy.filter(({ state }) => state.shows(position, version));
    if (fresh.length > 0) return this.#readReplica(pick(fresh), workload);
    const chosen = pick(healthy);
    return chosen.state
      .reaches(position, version, this.#o.policy.replicaWaitMs)
      .then((reached) => (reached ? this.#readReplica(chosen, workload) : this.readPrimary('behind', workload)));
  }

  #readReplica({ server }: ReplicaMember<D>, workload: Workload): Client<D> {
    this.#o.metrics.read(this.name, 'replica', 'fresh');
    return server.client(workload);
  }

  /** Of a shard whose replicas are all gone: what no longer fits is refused at once, so that the rest is served. */
  #readAlonePrimary(workload: Workload): Client<D> {
    const { metrics, policy } = this.#o;
    if (this.primary.pool(workload).waitingCount >= policy.pools[workload].max * WAITING_PER_CONNECTION) {
      metrics.read(this.name, 'primary', 'crowded');
      throw new LyceumError('SERVICE_UNAVAILABLE', undefined, undefined, { cause: `replicas of shard ${this.name}` });
    }
    return this.readPrimary('unhealthy', workload);
  }

  readPrimary(reason: PrimaryReason, workload: Workload): Client<D> {
    this.#o.metrics.read(this.name, 'primary', reason);
    return this.primary.client(workload);
  }

  /** Throws if the primary does not answer. */
  async ping(): Promise<void> {
    await this.probe.query('SELECT 1');
  }

  /** For what is asked of the primary now and then. */
  get probe(): pg.Pool {
    return this.primary.pool(this.#probe);
  }

  /** The version of the shard map that the primary showed last. */
  get version(): number {
    return this.#version;
  }

  /** Whether the primary answered when it was last asked, and takes writes. */
  get answers(): boolean {
    return this.#answers;
  }

  /** Until when its servers have shown every version of the shard map that it made, by `performance.now()`. */
  get shownAt(): number {
    return this.#shownAt;
  }

  /**
   * Looks after all servers; called each second. Never throws. Returns where the latest version of the shard map was
   * seen: a server may know of a change that its primary, dead or replaced, cannot tell.
   */
  async check(): Promise<{ version: number; pool: pg.Pool }> {
    const begun = performance.now();
    const position = await this.#askPrimary();
    if (position !== null) this.#shownAt = begun;
    this.#o.metrics.up(this.name, this.#answers);
    // While a primary is dead, what is left of its writes is what the furthest replica has.
    const latest = position ?? this.#replicas.reduce((best, { state }) => later(state.replayed, best), NO_POSITION);
    await Promise.all(
      this.#replicas.map(async ({ state }, index) => {
        const before = state.healthy;
        await state.tick(latest);
        this.#o.metrics.lag(this.name, index, state.healthy ? state.lagMs / 1_000 : -1);
        if (before && !state.healthy) this.#log.warn({ replica: index }, 'a replica is out of use');
        if (!before && state.healthy) this.#log.debug({ replica: index }, 'a replica is in use');
        if (state.healthy) this.#shownAt = Math.max(this.#shownAt, begun - state.lagMs);
      }),
    );
    return this.#replicas
      .filter(({ state }) => state.version > this.#version)
      .map(({ state, server }) => ({ version: state.version, pool: server.pool(this.#probe) as pg.Pool }))
      .reduce((best, seen) => (seen.version > best.version ? seen : best), {
        version: this.#version,
        pool: this.probe,
      });
  }

  /** Null if it does not answer. What is flushed ends with a whole record, so an idle replica can reach it exactly. */
  async #askPrimary(): Promise<Position | null> {
    try {
      const asked = this.probe.query<{ lsn: string; standby: boolean; version: number }>(
        `SELECT standby, ${VERSION},
           (CASE WHEN standby THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END)::text AS lsn
         FROM pg_is_in_recovery() AS standby`,
      );
      const { lsn, standby, version } = (await withTimeout(asked, CHECK_MS, 'asking a primary')).rows[0]!;
      this.#answers = !standby;
      this.#version = version;
      return toPosition(lsn);
    } catch {
      this.#answers = false;
      return null;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.primary.close(), ...this.#replicas.map(({ server }) => server.close())]);
  }

  #settings(workload: Workload): PoolSettings {
    const { domain, policy } = this.#o;
    const applicationName = `lyceum-${domain}-${workload}`;
    return { ...policy.pools[workload], applicationName, pooler: poolerOf(policy) };
  }

  get #probe(): Workload {
    return this.#o.workloads[0];
  }
}

/** Each as likely as it is quick. */
function pick<D extends Domain>(members: readonly ReplicaMember<D>[]): ReplicaMember<D> {
  if (members.length === 1) return members[0]!;
  const total = members.reduce((sum, { state }) => sum + state.weight, 0);
  let at = Math.random() * total;
  for (const member of members) {
    at -= member.state.weight;
    if (at <= 0) return member;
  }
  return members.at(-1)!;
}
