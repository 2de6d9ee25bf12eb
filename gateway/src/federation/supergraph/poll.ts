/**
 * Asks now and then, with jitter, so that many gateways do not ask in step.
 */

/** Returns the way to stop. `intervalMs` is asked before each wait and varied by a tenth. */
export function poll(intervalMs: () => number, ask: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = () => {
    timer = setTimeout(
      () => {
        ask();
        wait();
      },
      intervalMs() * (0.9 + Math.random() * 0.2),
    );
    timer.unref();
  };
  wait();
  return () => clearTimeout(timer);
}
