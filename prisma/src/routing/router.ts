/**
 * From a bucket to its shard, by the newest shard map that any database of the domain holds.
 *
 * The map is looked for each second, and at once when a shard refuses a writer or a reader has seen a later version. A
 * database that holds an older one is brought up to date by whoever notices. Shards that join are opened and those whose
 * servers changed are opened anew, while requests go on.
 */
import { type Logger, LyceumError, sleep, withTimeout } from '@lyceum/service-kit';
import type { ShardUrls } from '../connections/urls.ts';
import type { Domain } from '../domain.ts';
import { CompiledMap, type ShardMap } from '../map/shard-map.ts';
import { bringUpTo, isStaleMap, readMapVersion, readShardMap } from '../map/shard-map-store.ts';
import type { Shard } from './shard.ts';

const LOOK_EVERY_MS = 1_000;
/** A read of a shard that last showed its map longer ago looks first: buckets may have been handed over since. */
const MAP_AGE_MS = 4_500;
/** By a map older than this nobody reads: what was handed over may have been cleared. Shorter than a mover's grace. */
const MAP_OLDEST_MS = 7_000;
/** How long a database may take to tell or take a map. */
const ASK_MS = 1_000;
/** Longer than any request that still uses a shard which is no longer on the map, or not at that address. */
const RETIRE_MS = 60_000;
/** Longer than positions are kept, and than any process goes without a look. */
const RECENT_MS = 120_000;
const STALE_TRIES = 12;
const STALE_WAIT_MS = 5;

export interface RouterOptions<D extends Domain> {
  readonly first: ShardMap;
  /** Throws a ConfigError if nothing says where the shard is. */
  readonly urlsOf: (shard: string, map: ShardMap) => ShardUrls;
  readonly createShard: (name: string, urls: ShardUrls) => Shard<D>;
  readonly log: Logger;
}

interface Opened<D extends Domain> {
  readonly shard: Shard<D>;
  readonly urls: string;
}

export class Router<D extends Domain> {
  readonly #o: RouterOptions<D>;
  #map: CompiledMap;
  /** Whether no database has told a map yet: until then it is the file's, and whatever a database tells is before it. */
  #isFirst = true;
  /** When the last look began after which the latest map seen was in use. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** Until then every shard's map is young enough for reads. */
  #freshUntil = Number.NEGATIVE_INFINITY;
  readonly #retired = new Map<Shard<D>, NodeJS.Timeout>();
  #opened: ReadonlyMap<string, Opened<D>> = new Map();
  #shards: readonly Shard<D>[] = [];
  #adopting: Promise<void> = Promise.resolve();
  #looking: Promise<void> | undefined;
  readonly #settling = new Map<string, Promise<void>>();
  #changedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: RouterOptions<D>) {
    this.#o = options;
    this.#map = new CompiledMap(options.first);
  }

  /** Throws a ConfigError if a shard of the first map has no address. Databases that are away are no error. */
  async open(): Promise<void> {
    await this.#use(this.#map);
    await this.#look();
    this.#schedule();
  }

  get map(): CompiledMap {
    return this.#map;
  }

  /** All shards, those without buckets included, in order of their names. */
  get shards(): readonly Shard<D>[] {
    return this.#shards;
  }

  shardOf(bucket: number): Shard<D> {
    return this.named(this.#map.shardOf(bucket));
  }

  named(name: string): Shard<D> {
    const opened = this.#opened.get(name);
    if (!opened) throw new LyceumError('SERVICE_UNAVAILABLE', undefined, undefined, { cause: `shard ${name}` });
    return opened.shard;
  }

  /** The version, while another process may not have heard of it; else null. */
  get recentVersion(): number | null {
    return performance.now() - this.#changedAt < RECENT_MS ? this.#map.version : null;
  }

  /** Returns once this version or a later one is in use, or the shards have been asked for it in vain. */
  async atLeast(version: number): Promise<void> {
    // A look that was under way may have begun before the version was there.
    for (let look = 0; look < 2 && this.#map.version < version; look += 1) await this.#look();
  }

  /**
   * Runs `write` on a shard, which tells it the version of the map that it was chosen by. Refused for it (isStaleMap), it
   * is run again by the map of the shard, as often as the map changes under it, within reason.
   */
  async withMap<T>(shardNow: () => Shard<D>, write: (shard: Shard<D>, version: number) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const shard = shardNow();
      try {
        return await write(shard, this.#map.version);
      } catch (error) {
        if (!isStaleMap(error)) throw error;
        if (attempt >= STALE_TRIES) {
          throw new LyceumError('SERVICE_UNAVAILABLE', undefined, undefined, { cause: error });
        }
        if (attempt > 1) await sleep(STALE_WAIT_MS * 2 ** Math.min(attempt, 7) * Math.random());
        // A shard too busy to tell is asked again by the next try.
        await this.#settle(shard).catch((err) => this.#o.log.debug({ err }, 'a map could not be settled'));
      }
    }
  }

  /** Returns once the map is no older than what these shards had when this was called; those that are away aside. */
  async confirm(shards: ReadonlySet<Shard<D>>): Promise<void> {
    const asked = [...shards].map((shard) => withTimeout(readMapVersion(shard.probe), ASK_MS, 'confirming a map'));
    const versions = await Promise.allSettled(asked);
    await this.atLeast(Math.max(0, ...versions.map((each) => (each.status === 'fulfilled' ? each.value : 0))));
  }

  /**
   * Undefined, as mostly, if these shards showed their map a moment ago; else looks. Throws if none of a shard's servers
   * tells for so long that its buckets may be elsewhere by now.
   */
  fresh(shards: () => readonly Shard<D>[]): Promise<void> | undefined {
    return performance.now() < this.#freshUntil ? undefined : this.#renew(shards);
  }

  async #renew(shards: () => readonly Shard<D>[]): Promise<void> {
    const ageMs = () => performance.now() - this.#asOf(shards());
    if (ageMs() < MAP_AGE_MS) return;
    await this.#look();
    if (ageMs() < MAP_OLDEST_MS) return;
    throw new LyceumError('SERVICE_UNAVAILABLE', undefined, undefined, { cause: 'a shard does not tell its map' });
  }

  /** Of which moment the map is that these shards are read by. */
  #asOf(shards: readonly Shard<D>[]): number {
    return Math.min(this.#lookedAt, ...shards.map(({ shownAt }) => shownAt));
  }

  /** After the shard refused a writer: takes the newer map from it, or gives it ours. */
  #settle(shard: Shard<D>): Promise<void> {
    const running = this.#settling.get(shard.name);
    if (running) return running;
    const settling = (async () => {
      const theirs = await withTimeout(readShardMap(shard.probe), ASK_MS, 'reading a map');
      if (theirs && this.#isNews(theirs.version)) await this.#adopt(theirs);
      else await withTimeout(bringUpTo(shard.probe, this.#map.map), ASK_MS, 'telling a map');
    })().finally(() => this.#settling.delete(shard.name));
    this.#settling.set(shard.name, settling);
    return settling;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#looking;
    await this.#adopting;
    for (const timer of this.#retired.values()) clearTimeout(timer);
    await Promise.all([...this.#shards, ...this.#retired.keys()].map((shard) => shard.close()));
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#look().then(() => this.#schedule()), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  /** Looks after all servers and at their maps. Never throws. */
  #look(): Promise<void> {
    this.#looking ??= this.#lookOnce()
      .catch((err) => this.#o.log.warn({ err }, 'a newer shard map cannot be used'))
      .finally(() => {
        this.#looking = undefined;
      });
    return this.#looking;
  }

  async #lookOnce(): Promise<void> {
    const begun = performance.now();
    const seen = await Promise.all(this.#shards.map((shard) => shard.check()));
    const latest = seen.reduce((best, each) => (each.version > best.version ? each : best));
    if (this.#isNews(latest.version)) {
      const map = await withTimeout(readShardMap(latest.pool), ASK_MS, 'reading a map');
      if (map) await this.#adopt(map);
    }
    this.#lookedAt = begun;
    this.#freshUntil = this.#asOf(this.#shards) + MAP_AGE_MS;
    const behind = this.#shards.filter((shard) => shard.answers && shard.version < this.#map.version);
    if (behind.length === 0) return;
    const told = behind.map((shard) => withTimeout(bringUpTo(shard.probe, this.#map.map), ASK_MS, 'telling a map'));
    await Promise.allSettled(told);
    await Promise.all(behind.map((shard) => shard.check()));
  }

  #isNews(version: number): boolean {
    return version > this.#map.version || (this.#isFirst && version > 0);
  }

  #adopt(map: ShardMap): Promise<void> {
    const adopting = this.#adopting.then(async () => {
      if (!this.#isNews(map.version) || this.#closed) return;
      await this.#use(new CompiledMap(map));
      this.#isFirst = false;
      if (map.version === 1) return;
      this.#changedAt = performance.now();
      this.#o.log.info({ version: map.version }, 'shard map in use');
    });
    this.#adopting = adopting.catch(() => {});
    return adopting;
  }

  async #use(map: CompiledMap): Promise<void> {
    const opening: Promise<void>[] = [];
    // All of them first: one without an address must not leave shards open that nobody knows.
    const located = map.names.map((name) => [name, this.#o.urlsOf(name, map.map)] as const);
    const entries = located.map(([name, urls]): [string, Opened<D>] => {
      const text = JSON.stringify(urls);
      const known = this.#opened.get(name);
      if (known?.urls === text) return [name, known];
      const shard = this.#o.createShard(name, urls);
      const warm = shard.open();
      // Nobody is to wait for warm clients in place of a primary that is dead.
      if (!known || known.shard.answers) opening.push(warm);
      return [name, { shard, urls: text }];
    });
    await Promise.all(opening);
    const before = this.#shards;
    this.#opened = new Map(entries);
    this.#shards = entries.map(([, { shard }]) => shard);
    this.#map = map;
    for (const shard of before) if (!this.#shards.includes(shard)) this.#retire(shard);
  }

  /** Requests that hold one of its clients go on with it. */
  #retire(shard: Shard<D>): void {
    const close = () => {
      this.#retired.delete(shard);
      shard.close().catch((err) => this.#o.log.debug({ err }, 'closing a shard'));
    };
    this.#retired.set(shard, setTimeout(close, RETIRE_MS).unref());
  }
}
