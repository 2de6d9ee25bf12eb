/**
 * Loaded into a process whose memory is looked at: what is not in use any more is not counted as held.
 *
 * Needs `--expose-gc`.
 */
setInterval(() => globalThis.gc?.(), 500).unref();
