/**
 * Writes a result as the JSON text that a client reads. Every door writes with this: HTTP, server-sent events, WebSocket.
 */
import { formatError } from '../errors.ts';
import { JsonText } from '../federation/project/json-text.ts';
import type { Result } from '../pipeline.ts';

/** Results that several callers get, and their text once it is written. */
const shared = new WeakMap<Result, string | null>();

/** Says that others get this result as well: it is written once. Nobody may change it. */
export function markShared(result: Result): void {
  if (!shared.has(result)) shared.set(result, null);
}

export function writeResult(result: Result): string {
  const known = shared.get(result);
  if (known) return known;
  const text = write(result);
  if (known === null) shared.set(result, text);
  return text;
}

/** Errors as they are sent, first; what only tells transports how to answer is left out. Data that is text goes in as it is. */
function write({ data, errors, extensions }: Result): string {
  if (data instanceof JsonText && !errors && !extensions) return `{"data":${data.json}}`;
  const members: string[] = [];
  if (errors) members.push(`"errors":${JSON.stringify(errors.map(formatError))}`);
  if (data !== undefined) members.push(`"data":${data instanceof JsonText ? data.json : JSON.stringify(data)}`);
  if (extensions) members.push(`"extensions":${JSON.stringify(extensions)}`);
  return `{${members.join(',')}}`;
}
