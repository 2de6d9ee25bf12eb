/**
 * Writes a result as the JSON text that a client reads. Every door writes with this: HTTP, server-sent events, WebSocket.
 */
import { formatError } from '../errors.ts';
import { JsonText } from '../federation/project/json-text.ts';
import type { IncrementalResult, Result } from '../pipeline.ts';

/** Results that several callers get, with what is written of them. */
const shared = new WeakMap<Result, { text?: string; body?: Buffer<ArrayBuffer> }>();
/** A large body is sent faster as bytes where they are at hand, a small one as text in one piece with the headers. */
const MIN_BYTES_CHARACTERS = 16 * 1024;

/** Says that others get this result as well: it is written once. Nobody may change it. */
export function markShared(result: Result): void {
  if (!shared.has(result)) shared.set(result, {});
}

export function writeResult(result: Result): string {
  const written = shared.get(result);
  if (!written) return write(result);
  written.text ??= write(result);
  return written.text;
}

/** The same for an HTTP body: as bytes where several callers get them and they are many. */
export function writeBody(result: Result): string | Buffer<ArrayBuffer> {
  const text = writeResult(result);
  const written = text.length < MIN_BYTES_CHARACTERS ? undefined : shared.get(result);
  if (!written) return text;
  written.body ??= Buffer.from(text);
  return written.body;
}

/** Errors as they are sent, first; what only tells transports how to answer is left out. Data that is text goes in as it is. */
function write({ data, errors, extensions, hasNext, incremental }: Result): string {
  if (data instanceof JsonText && !errors && !extensions && hasNext === undefined) return `{"data":${data.json}}`;
  const members = dataMembers(data, errors);
  if (incremental) members.push(`"incremental":[${incremental.map(writePart).join(',')}]`);
  if (hasNext !== undefined) members.push(`"hasNext":${hasNext}`);
  if (extensions) members.push(`"extensions":${JSON.stringify(extensions)}`);
  return `{${members.join(',')}}`;
}

function writePart({ data, errors, path, label }: IncrementalResult): string {
  const members = [...dataMembers(data, errors), `"path":${JSON.stringify(path)}`];
  if (label !== undefined) members.push(`"label":${JSON.stringify(label)}`);
  return `{${members.join(',')}}`;
}

function dataMembers(data: Result['data'], errors: Result['errors']): string[] {
  const members: string[] = [];
  if (errors) members.push(`"errors":${JSON.stringify(errors.map(formatError))}`);
  if (data !== undefined) members.push(`"data":${data instanceof JsonText ? data.json : JSON.stringify(data)}`);
  return members;
}
