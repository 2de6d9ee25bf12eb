/**
 * What one request sees of a domain's databases: it reads what its viewer wrote, whichever server answers.
 *
 * The session knows the positions this viewer has seen: those kept in Redis by earlier requests (loaded once, when the
 * first read needs them), those of its own commits, and those of events and earlier fetches it was told of. A replica serves a read only if
 * it has replayed the position of its shard; else the primary does.
 */
import { type Logger, LyceumError } from '@lyceum/service-kit';
import type { DatabaseMetrics } from './database-metrics.ts';
import type { Domain } from './domain.ts';
import { isId } from './ids.ts';
import { createOutboxWriter } from './outbox-writer.ts';
import { later, type Position, toPosition } from './position.ts';
import type { Shard } from './shard.ts';
import type { Client, Consistency, DatabaseSession, OutboxWriter, PrismaClients, SeenPositions, Tx } from './types.ts';
import type { ViewerPositions } from './viewer-positions.ts';

const SHARDS_AT_ONCE = 4;
const TRANSACTION = { maxWait: 3_000, timeout: 10_000 };

export interface SessionOptions<D extends Domain> {
  readonly domain: D;
  readonly viewerId: string | null;
  readonly seen?: SeenPositions | undefined;
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
    if (options.seen) this.observe(options.seen.known);
  }

  async transaction<T>(shardKey: string, work: (tx: Tx<D>) => Promise<T>): Promise<T> {
    const shard = this.#o.shardOf(shardKey);
    let result: T;
    try {
      result = await inTransaction(shard.primary, work);
    } catch (error) {
      this.#o.metrics.write(shard.name, 'rolled_back');
      throw error;
    }
    this.#o.metrics.write(shard.name, 'committed');
    await this.#remember(shard, this.#o.viewerId ?? shardKey);
    return result;
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
    if (consistency === 'eventual') return shard.reader(null);
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
   * The transaction stands whatever happens here. If the position cannot be read, this session must not trust a
   * replica of the shard again; if it cannot be kept, later requests may for a moment read what was before.
   */
  async #remember(shard: Shard<D>, ownerId: string): Promise<void> {
    const place = `${this.#o.domain}/${shard.name}`;
    let position: Position;
    try {
      position = await shard.position();
    } catch (err) {
      this.#learn(place, 'FFFFFFFF/FFFFFFFF');
      this.#o.log.warn({ err, place }, 'position after a commit unknown, the session stays on the primary');
      return;
    }
    this.#learn(place, position);
    const kept = await this.#o.positions.advance(ownerId, place, position);
    if (!kept) this.#o.log.debug({ place }, 'position after a commit was not kept');
  }

  #learn(place: string, position: Position): void {
    this.#seen.set(place, later(this.#seen.get(place), position));
    this.#o.seen?.committed(place, position);
  }
}

/** Prisma's client types differ per domain, but all of them run interactive transactions alike. */
interface Transactor<D extends Domain> {
  $transaction<T>(work: (tx: Tx<D>) => Promise<T>, options: { maxWait: number; timeout: number }): Promise<T>;
}

async function inTransaction<D extends Domain, T>(
  primary: PrismaClients[D],
  work: (tx: Tx<D>) => Promise<T>,
): Promise<T> {
  try {
    return await (primary as unknown as Transactor<D>).$transaction((tx) => work(withOutbox(tx)), TRANSACTION);
  } catch (error) {
    // P2028: no connection in time, or the transaction took too long.
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'P2028') {
      throw new LyceumError('TIMED_OUT', undefined, undefined, { cause: error });
    }
    throw error;
  }
}

/** The transaction client is a proxy of Prisma's, to which nothing can be added: it is wrapped. */
function withOutbox<D extends Domain>(tx: Tx<D>): Tx<D> {
  const outbox: OutboxWriter = createOutboxWriter(tx);
  return new Proxy(tx, {
    get: (target, key) => (key === 'outbox' ? outbox : Reflect.get(target, key, target)),
  });
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
