/**
 * What one request sees of a domain's databases: it reads what its viewer wrote, whichever server answers.
 *
 * The session knows the positions this viewer has seen: those kept in Redis by earlier requests (loaded once, when the
 * first read needs them), those of its own commits, and those of events it was told of. A replica serves a read only if
 * it has replayed the position of its shard; else the primary does.
 */
import type { Logger } from '@lyceum/service-kit';
import { atMost } from '../at-most.ts';
import type { DatabaseMetrics } from '../connections/database-metrics.ts';
import type { Domain } from '../domain.ts';
import { bucketOf, isId } from '../ids.ts';
import type { CompiledMap } from '../map/shard-map.ts';
import { EVERYWHERE, isStaleMap } from '../map/shard-map-store.ts';
import { empty, join, raw, sql } from '../statements/sql.ts';
import { type Committed, inTransaction } from '../statements/transaction.ts';
import { isOutcomeUnknown } from '../statements/transaction-failure.ts';
import type { Client, Consistency, DatabaseSession, SeenPositions, ShardPlace, Tx } from '../types.ts';
import { fence } from './fence.ts';
import type { Workloads } from './fenced.ts';
import { later, mapPlace, NO_POSITION, type Position, positionOfVersion, toPosition, versionOf } from './position.ts';
import type { Router } from './router.ts';
import type { Shard } from './shard.ts';
import type { ViewerPositions } from './viewer-positions.ts';

const SHARDS_AT_ONCE = 4;
const NONE: ReadonlyMap<string, Position> = new Map();

export interface SessionOptions<D extends Domain> {
  readonly domain: D;
  readonly viewerId: string | null;
  readonly seen?: SeenPositions | undefined;
  readonly workloads: Workloads;
  readonly router: Router<D>;
  readonly positions: ViewerPositions;
  readonly metrics: DatabaseMetrics;
  readonly log: Logger;
}

export class Session<D extends Domain> implements DatabaseSession<D> {
  readonly #o: SessionOptions<D>;
  readonly #seen = new Map<string, Position>();
  /** What is kept of earlier requests; null: unknown; undefined: not asked for yet. */
  #kept: ReadonlyMap<string, Position> | null | undefined;
  #asked: Promise<void> | undefined;

  constructor(options: SessionOptions<D>) {
    this.#o = options;
    if (options.viewerId === null) this.#kept = NONE;
    if (options.seen) this.observe(options.seen.known);
  }

  transaction<T>(shardKey: string, work: (tx: Tx<D>) => Promise<T>): Promise<T> {
    const bucket = bucketOf(shardKey);
    return this.#write(bucket, () => this.#o.router.shardOf(bucket), work, this.#o.viewerId ?? shardKey);
  }

  async everywhere<T>(work: (tx: Tx<D>) => Promise<T>): Promise<T[]> {
    const { router } = this.#o;
    for (;;) {
      const { version, names } = router.map;
      const outcomes = await Promise.allSettled(
        names.map((name) => this.#write(EVERYWHERE, () => router.named(name), work, this.#o.viewerId)),
      );
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
      // A shard that joined meanwhile got nothing yet.
      if (router.map.version === version || router.map.names.every((name) => names.includes(name))) {
        return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<T>).value);
      }
    }
  }

  async #write<T>(
    bucket: number,
    shardNow: () => Shard<D>,
    work: (tx: Tx<D>) => Promise<T>,
    ownerId: string | null,
  ): Promise<T> {
    const { router, metrics, workloads } = this.#o;
    return router.withMap(shardNow, async (shard, version) => {
      const { primary } = shard;
      const first = fence(shard, { buckets: [bucket], version, workload: workloads.write });
      let committed: Committed<T>;
      try {
        committed = await inTransaction(
          { pool: primary.pool(workloads.write), client: primary.client(workloads.write), first },
          work,
        );
      } catch (error) {
        metrics.write(
          shard.name,
          isStaleMap(error) ? 'stale_map' : isOutcomeUnknown(error) ? 'unknown' : 'rolled_back',
        );
        throw error;
      }
      metrics.write(shard.name, 'committed');
      await this.#remember(shard, ownerId, committed.position);
      return committed.result;
    });
  }

  async read(shardKey: string, consistency: Consistency = 'session'): Promise<Client<D>> {
    const heeded = this.#heed(consistency, () => [this.#o.router.shardOf(bucketOf(shardKey))]);
    if (heeded) await heeded;
    return this.#reader(this.#o.router.shardOf(bucketOf(shardKey)), consistency);
  }

  async byShard<T>(
    ids: readonly string[],
    work: (client: Client<D>, ids: string[]) => Promise<T[]>,
    consistency: Consistency = 'session',
  ): Promise<T[]> {
    const known = ids.filter(isId);
    const heeded = this.#heed(consistency, () => known.map((id) => this.#o.router.shardOf(bucketOf(id))));
    if (heeded) await heeded;
    const groups = new Map<Shard<D>, string[]>();
    for (const id of new Set(known)) {
      const shard = this.#o.router.shardOf(bucketOf(id));
      const group = groups.get(shard);
      if (group) group.push(id);
      else groups.set(shard, [id]);
    }
    const results = await atMost(SHARDS_AT_ONCE, [...groups], async ([shard, group]) =>
      work(await this.#reader(shard, consistency), group),
    );
    return results.flat();
  }

  async everyShard<T>(
    work: (client: Client<D>, place: ShardPlace) => Promise<T>,
    consistency: Consistency = 'session',
  ): Promise<T[]> {
    const heeded = this.#heed(consistency, () => this.#o.router.shards);
    if (heeded) await heeded;
    const { map, shards } = this.#o.router;
    return atMost(SHARDS_AT_ONCE, shards, async (shard) =>
      work(await this.#reader(shard, consistency), placeOf(map, shard.name)),
    );
  }

  observe(positions: Readonly<Record<string, string>>): void {
    for (const [place, text] of Object.entries(positions)) {
      this.#seen.set(place, later(this.#seen.get(place), toPosition(text)));
    }
  }

  /**
   * Who has seen what came after a change of the shard map is not sent to where things were before it, and who asks for
   * the latest asks where it is. Undefined: there is nothing to wait for, as mostly.
   */
  #heed(consistency: Consistency, places: () => readonly Shard<D>[]): Promise<void> | undefined {
    if (consistency === 'primary') return this.#o.router.confirm(new Set(places()));
    if (consistency === 'eventual') return this.#o.router.fresh(places);
    if (this.#kept !== undefined) return this.#followMap(places);
    this.#asked ??= this.#o.positions.load(this.#o.viewerId!).then((kept) => {
      this.#kept = kept;
    });
    return this.#asked.then(() => this.#followMap(places));
  }

  #followMap(places: () => readonly Shard<D>[]): Promise<void> | undefined {
    const { domain, router } = this.#o;
    if (!this.#kept) return router.fresh(places);
    const place = mapPlace(domain);
    const seen = later(this.#seen.get(place), this.#kept.get(place) ?? NO_POSITION);
    if (seen === NO_POSITION || versionOf(seen) <= router.map.version) return router.fresh(places);
    return router.atLeast(versionOf(seen));
  }

  /** After `#heed`. */
  #reader(shard: Shard<D>, consistency: Consistency): Client<D> | Promise<Client<D>> {
    const { router } = this.#o;
    const workload = this.#o.workloads.read;
    const { version } = router.map;
    if (consistency === 'primary') return shard.readPrimary('asked', workload);
    if (consistency === 'eventual') return shard.reader({ position: null, version }, workload);
    if (!this.#kept) return shard.readPrimary('positions_unknown', workload);
    const place = `${this.#o.domain}/${shard.name}`;
    const [own, earlier] = [this.#seen.get(place), this.#kept.get(place)];
    const position = earlier === undefined ? (own ?? null) : later(own, earlier);
    return shard.reader({ position, version }, workload);
  }

  /** If what was seen cannot be kept, later requests may for a moment read what was before. */
  async #remember(shard: Shard<D>, ownerId: string | null, position: Position): Promise<void> {
    const { domain, log, positions, router } = this.#o;
    const place = `${domain}/${shard.name}`;
    const { recentVersion } = router;
    const moves: Record<string, Position> = { [place]: position };
    if (recentVersion !== null) moves[mapPlace(domain)] = positionOfVersion(recentVersion);
    this.#learn(moves);
    if (ownerId === null) return;
    const kept = await positions.advance(ownerId, moves);
    if (!kept) log.debug({ place }, 'position after a commit was not kept');
  }

  #learn(moves: Readonly<Record<string, Position>>): void {
    this.observe(moves);
    for (const [place, position] of Object.entries(moves)) this.#o.seen?.committed(place, position);
  }
}

function placeOf(map: CompiledMap, shard: string): ShardPlace {
  const residue = map.residueOf(shard);
  return {
    shard,
    owns: (id) => map.owns(shard, id),
    owned: (column) =>
      residue.length === 0
        ? empty
        : sql`AND NOT (${join(
            residue.map(({ from, to }) => sql`bucket_of(${raw(column)}) BETWEEN ${from}::int AND ${to}::int`),
            ' OR ',
          )})`,
  };
}
