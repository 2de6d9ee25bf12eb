/**
 * One replica as the router sees it: how far it has replayed, and whether it may serve reads.
 *
 * Lag is measured against the primary's own positions seen at earlier ticks, not against clocks or transaction times:
 * an idle primary gives no lag, a cut-off replica does, and a dead primary does not make its replicas look late.
 */
import type { Position } from './position.ts';
import { toPosition } from './position.ts';

const MAX_LAG_MS = 10_000;
const POLL_MS = 3;

interface Sample {
  readonly at: number;
  readonly position: Position;
}

export interface ReplicaOptions {
  /** Asks the replica how far it has replayed. */
  readonly askReplayed: () => Promise<string>;
  readonly now?: () => number;
  readonly maxLagMs?: number;
}

export class Replica {
  readonly #askReplayed: () => Promise<string>;
  readonly #now: () => number;
  readonly #maxLagMs: number;
  #replayed: Position = '';
  #samples: Sample[] = [];
  #answers = false;

  constructor({ askReplayed, now = Date.now, maxLagMs = MAX_LAG_MS }: ReplicaOptions) {
    this.#askReplayed = askReplayed;
    this.#now = now;
    this.#maxLagMs = maxLagMs;
  }

  /** It answered when last asked, and lags no more than the bound. */
  get healthy(): boolean {
    return this.#answers && this.lagMs <= this.#maxLagMs;
  }

  get lagMs(): number {
    const latest = this.#samples.at(-1);
    const oldest = this.#samples[0];
    if (!latest || !oldest) return 0;
    const caughtUp = this.#samples.findLast((sample) => sample.position <= this.#replayed);
    // Behind everything remembered: at least as late as the memory is long.
    return caughtUp ? latest.at - caughtUp.at : latest.at - oldest.at + this.#maxLagMs;
  }

  /** A statement failed there. It stays out until the next good answer. */
  fault(): void {
    this.#answers = false;
  }

  /** Called each second with the primary's position, or null while the primary does not answer. Never throws. */
  async tick(primaryPosition: Position | null): Promise<void> {
    if (primaryPosition !== null) {
      const at = this.#now();
      this.#samples.push({ at, position: primaryPosition });
      const keep = this.#samples.findIndex((sample) => sample.at >= at - 3 * this.#maxLagMs);
      if (keep > 0) this.#samples.splice(0, keep);
    }
    try {
      await this.#refresh();
      this.#answers = true;
    } catch {
      this.#answers = false;
    }
  }

  /** True once it has replayed the position; asks again for at most `waitMs`. False also if it does not answer. */
  async reaches(position: Position, waitMs: number): Promise<boolean> {
    const until = this.#now() + waitMs;
    try {
      while (this.#replayed < position) {
        await this.#refresh();
        if (this.#replayed >= position) break;
        if (this.#now() + POLL_MS > until) return false;
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
      return true;
    } catch {
      this.fault();
      return false;
    }
  }

  async #refresh(): Promise<void> {
    this.#replayed = toPosition(await this.#askReplayed());
  }
}
