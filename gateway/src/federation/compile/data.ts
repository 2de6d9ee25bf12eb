/**
 * The shape of what subgraphs answer and the engine works on: plain JSON.
 */

/** A JSON object. `undefined` means that nobody has answered for this key. */
export type Data = Record<string, unknown>;

export function isData(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads a key that a client may have chosen: `constructor` must not find what every object inherits. */
export function readKey(data: Data, key: string): unknown {
  const value = data[key];
  // JSON holds no functions, and what objects inherit is nothing else, but for their prototype.
  if (typeof value !== 'function' && value !== Object.prototype) return value;
  return Object.hasOwn(data, key) ? value : undefined;
}
