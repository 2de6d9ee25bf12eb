/**
 * What one request sees of a domain's databases: it reads what its viewer wrote, whichever server answers.
 *
 * The session knows the positions this viewer has seen: those kept in Redis by earlier requests (loaded once, when the
 * first read needs them), those of its own commits, and those of events it was told of. A replica serves a read only if
 * it has replayed the position of its shard; else the primary does.
 */
import type { Logger } from '@lyceum/service-kit';
import type { DatabaseMetrics } from './database-metrics.ts';
import type { Domain } from './domain.ts';
import { isId } from './ids.ts';
import { later, type Position, toPosition } from './position.ts';
import type { Shard } from './shard.ts';
import { type Committed, inTransaction } from './transaction.ts';
import type { Client, Consistency, DatabaseSession, Tx } from './types.ts';
import type { ViewerPositions } from './viewer-positions.ts';

const SHARDS_AT_ONCE = 4;

export interface SessionOptions<D extends Domain> {
  readonly domain: D;
  readonly viewerId: string | null;
  readonly shardOf: (id: string) => Shard<D>;
  readonly shards: () => readonly Shard<D>[];
  readonly positions: ViewerPositions;
  readonly metrics: DatabaseMetrics;
  readonly log: Logger;
}

export class Session<D extends Domain> implements DatabaseSession<D> {
  readonly #o: SessionOptions<D>;
  readonly #seen = new Map<string, Position>();
  #stored: Promise<ReadonlyMap<string, Position> | null> | undefined;

  constructor(options: SessionOptions<D>) {
    this.#o = options;
  }

  async transaction<T>(shardKey: string, work: (tx: Tx<D>) => Promise<T>): Promise<T> {
    const shard = this.#o.shardOf(shardKey);
    let committed: Committed<T>;
    try {
      committed = await inTransaction({ pool: shard.pool, client: shard.primary }, work);
    } catch (error) {
      this.#o.metrics.write(shard.name, 'rolled_back');
      throw error;
    }
    this.#o.metrics.write(shard.name, 'committed');
    await this.#remember(shard, this.#o.viewerId ?? shardKey, committed.position);
    return committed.result;
  }

  async read(shardKey: string, consistency: Consistency = 'session'): Promise<Client<D>> {
    return this.#reader(this.#o.shardOf(shardKey), consistency);
  }

  async byShard<T>(
    ids: readonly string[],
    work: (client: Client<D>, ids: string[]) => Promise<T[]>,
    consistency: Consistency = 'session',
  ): Promise<T[]> {
    const groups = new Map<Shard<D>, string[]>();
    for (const id of new Set(ids)) {
      if (!isId(id)) continue;
      const shard = this.#o.shardOf(id);
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
    work: (client: Client<D>, shard: string) => Promise<T>,
    consistency: Consistency = 'session',
  ): Promise<T[]> {
    return atMost(SHARDS_AT_ONCE, this.#o.shards(), async (shard) =>
      work(await this.#reader(shard, consistency), shard.name),
    );
  }

  observe(positions: Readonly<Record<string, string>>): void {
    for (const [place, text] of Object.entries(positions)) {
      this.#seen.set(place, later(this.#seen.get(place), toPosition(text)));
    }
  }

  async #reader(shard: Shard<D>, consistency: Consistency): Promise<Client<D>> {
    if (consistency === 'primary') return shard.readPrimary('asked');
    if (consistency === 'eventual' || !shard.hasReplicas) return shard.reader(null);
    const place = `${this.#o.domain}/${shard.name}`;
    const own = this.#seen.get(place);
    if (this.#o.viewerId === null) return shard.reader(own ?? null);
    this.#stored ??= this.#o.positions.load(this.#o.viewerId);
    const stored = await this.#stored;
    if (stored === null) return shard.readPrimary('positions_unknown');
    const kept = stored.get(place);
    return shard.reader(kept === undefined ? (own ?? null) : later(own, kept));
  }

  /**
   * The transaction stands whatever happens here. If the position is not known, this session must not trust a replica
   * of the shard again; if it cannot be kept, later requests may for a moment read what was before.
   */
  async #remember(shard: Shard<D>, ownerId: string, position: Position | null): Promise<void> {
    const place = `${this.#o.domain}/${shard.name}`;
    if (position === null) {
      this.#seen.set(place, 'FFFFFFFF/FFFFFFFF');
      this.#o.log.warn({ place }, 'position after a commit unknown, the session stays on the primary');
      return;
    }
    this.#seen.set(place, later(this.#seen.get(place), position));
    const kept = await this.#o.positions.advance(ownerId, place, position);
    if (!kept) this.#o.log.debug({ place }, 'position after a commit was not kept');
  }
}

async function atMost<A, B>(limit: number, items: readonly A[], work: (item: A) => Promise<B>): Promise<B[]> {
  const results: B[] = new Array(items.length);
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) results[index] = await work(items[index]!);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
