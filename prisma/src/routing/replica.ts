/**
 * One replica as the router sees it: how far it has replayed, which shard map it shows, how quick it is, and whether it
 * may serve reads.
 *
 * Lag is measured against positions seen at earlier ticks, not against clocks or transaction times: an idle primary gives
 * no lag, a cut-off replica does, and a dead primary makes those look late that lack what another replica has.
 */
import type { Position } from './position.ts';
import { toPosition } from './position.ts';

const MAX_LAG_MS = 10_000;
const POLL_MS = 3;
/** From the second fault within a while on, each keeps a replica out for twice as long as the one before. */
const EJECTION = { baseMs: 1_000, maxMs: 30_000 };
/** A fault is forgotten after thirty good answers. */
const FORGIVEN_PER_TICK = 1 / 30;
/** How much the latest answer counts. */
const LATENCY_WEIGHT = 0.3;
const QUICKEST_MS = 0.2;

interface Sample {
  readonly at: number;
  readonly position: Position;
}

/** What a replica shows. */
export interface ReplicaState {
  /** As Postgres writes a position. */
  readonly replayed: string;
  /** Of its shard map. */
  readonly version: number;
}

export interface ReplicaOptions {
  /** Asks the replica what it shows. */
  readonly ask: () => Promise<ReplicaState>;
  readonly now?: () => number;
  readonly maxLagMs?: number;
}

export class Replica {
  readonly #ask: () => Promise<ReplicaState>;
  readonly #now: () => number;
  readonly #maxLagMs: number;
  #replayed: Position = '';
  #version = 0;
  #samples: Sample[] = [];
  #answers = false;
  #refreshing: Promise<void> | undefined;
  #latencyMs = 1;
  #faults = 0;
  #outUntil = 0;

  constructor({ ask, now = Date.now, maxLagMs = MAX_LAG_MS }: ReplicaOptions) {
    this.#ask = ask;
    this.#now = now;
    this.#maxLagMs = maxLagMs;
  }

  /** It answered when last asked, and lags no more than the bound. */
  get healthy(): boolean {
    return this.#answers && this.lagMs <= this.#maxLagMs;
  }

  /** How far it was when last asked. */
  get replayed(): Position {
    return this.#replayed;
  }

  /** The version of the shard map that it showed last; 0 if it never answered. */
  get version(): number {
    return this.#version;
  }

  /** The quicker it answers, the more of the reads it should get. */
  get weight(): number {
    return 1 / Math.max(this.#latencyMs, QUICKEST_MS);
  }

  get lagMs(): number {
    const latest = this.#samples.at(-1);
    const oldest = this.#samples[0];
    if (!latest || !oldest) return 0;
    const caughtUp = this.#samples.findLast((sample) => sample.position <= this.#replayed);
    // Behind everything remembered: at least as late as the memory is long.
    return caughtUp ? latest.at - caughtUp.at : latest.at - oldest.at + this.#maxLagMs;
  }

  /** A statement failed there. It stays out until the next good answer; if it fails again and again, for longer. */
  fault(): void {
    if (this.#answers) this.#faults += 1;
    this.#answers = false;
    const outMs = this.#faults <= 1 ? 0 : EJECTION.baseMs * 2 ** (this.#faults - 2);
    this.#outUntil = this.#now() + Math.min(outMs, EJECTION.maxMs);
  }

  /** Called each second with the latest position that there is: the primary's, or in its absence the furthest replica's. Never throws. */
  async tick(latest: Position): Promise<void> {
    const at = this.#now();
    this.#samples.push({ at, position: latest });
    const keep = this.#samples.findIndex((sample) => sample.at >= at - 3 * this.#maxLagMs);
    if (keep > 0) this.#samples.splice(0, keep);
    try {
      const asked = performance.now();
      await this.#refresh();
      this.#latencyMs += (performance.now() - asked - this.#latencyMs) * LATENCY_WEIGHT;
      if (this.#now() < this.#outUntil) return;
      if (this.#answers) this.#faults = Math.max(0, this.#faults - FORGIVEN_PER_TICK);
      this.#answers = true;
    } catch {
      this.#answers = false;
    }
  }

  /** Whether it is known to show the position (null: any) and the version of the shard map, or a later one. */
  shows(position: Position | null, version: number): boolean {
    return this.#version >= version && (position === null || this.#replayed >= position);
  }

  /** True once it shows both; asks again for at most `waitMs`. False also if it does not answer. */
  async reaches(position: Position | null, version: number, waitMs: number): Promise<boolean> {
    const until = this.#now() + waitMs;
    try {
      while (!this.shows(position, version)) {
        // One that hangs is no reason to wait longer.
        await Promise.race([this.#refresh(), new Promise((resolve) => setTimeout(resolve, waitMs))]);
        if (this.shows(position, version)) break;
        if (this.#now() + POLL_MS > until) return false;
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
      return true;
    } catch {
      this.fault();
      return false;
    }
  }

  /** One question at a time, however many wait for it. */
  #refresh(): Promise<void> {
    this.#refreshing ??= this.#ask()
      .then(({ replayed, version }) => {
        this.#replayed = toPosition(replayed);
        this.#version = version;
      })
      .finally(() => {
        this.#refreshing = undefined;
      });
    return this.#refreshing;
  }
}
