/**
 * Calls at a steady rate. What a busy moment delayed is caught up with.
 */
export function pace(perSecond: number, seconds: number, call: (turn: number) => void): Promise<void> {
  const started = performance.now();
  const turns = Math.round(perSecond * seconds);
  return new Promise((resolve) => {
    let turn = 0;
    const tick = () => {
      const due = Math.min(turns, ((performance.now() - started) * perSecond) / 1_000);
      for (; turn < due; turn += 1) call(turn);
      if (turn < turns) setTimeout(tick, 1);
      else resolve();
    };
    tick();
  });
}
