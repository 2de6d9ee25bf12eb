/**
 * Looks after everything that waits, with one timer: who has waited for too long, and who has left.
 *
 * A fetch costs one entry in a set. A timer and a listener on the abort signal for each would cost more than the rest of
 * the client; so the end of a fetch comes up to `LOOK_MS` late, which nobody notices beside time-outs of seconds.
 */
export interface Waiting {
  /** Called about every `LOOK_MS` while it is watched. `now` as `performance.now()` tells it. */
  look(now: number): void;
}

export interface Watch {
  add(waiting: Waiting): void;
  delete(waiting: Waiting): void;
  close(): void;
}

const LOOK_MS = 50;

export function createWatch(): Watch {
  const all = new Set<Waiting>();
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    const now = performance.now();
    for (const waiting of all) waiting.look(now);
    if (all.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  return {
    add(waiting) {
      all.add(waiting);
      timer ??= setInterval(look, LOOK_MS);
    },
    delete: (waiting) => void all.delete(waiting),
    close: () => clearInterval(timer),
  };
}
