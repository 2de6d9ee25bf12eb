/**
 * Loaded into a gateway before its own code: tells its parent, when asked, what memory it holds after its garbage is gone.
 *
 * Needs `--expose-gc`. Knows nothing of the gateway, so that peers are looked at in the same way.
 */
export interface Memory {
  /** Resident bytes: what an operator pays for. */
  readonly resident: number;
  /** Of JavaScript, and what it holds outside of its heap. */
  readonly held: number;
}

process.on('message', (message) => {
  if (message !== 'memory') return;
  // The second finds what the first one's finalizers let go.
  globalThis.gc?.();
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  process.send?.({ resident: rss, held: heapUsed + external } satisfies Memory);
});
process.once('disconnect', () => process.exit(0));
