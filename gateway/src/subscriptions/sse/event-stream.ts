/**
 * What event streams have in common, whether they carry one operation or several.
 */

/** Keeps proxies from taking a quiet stream for a dead one. */
export const PING_MS = 12_000;
export const COMMENT = Buffer.from(':\n\n');

/** Names and values in turn. The last keeps proxies from collecting events. */
export const EVENT_STREAM_HEADERS = [
  ...['content-type', 'text/event-stream'],
  ...['cache-control', 'no-cache'],
  ...['x-accel-buffering', 'no'],
];
