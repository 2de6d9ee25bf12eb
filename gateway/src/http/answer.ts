/**
 * Makes an HTTP answer of a result: status, headers and body, the same at both doors.
 *
 * The older media type answers whatever was proper GraphQL over HTTP with 200; the newer one says what went wrong in its
 * status. Large bodies are compressed, off the main thread, for clients that accept it.
 */
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { HttpAnswer } from '../errors.ts';
import type { MaybePromise, Result } from '../pipeline.ts';
import type { MediaType } from './media-types.ts';
import { writeBody } from './write-result.ts';

export interface Answer {
  readonly status: number;
  /** Names and values in turn, as Node writes them fastest. */
  readonly headers: string[];
  readonly body: string | Buffer<ArrayBuffer>;
  /** How a text is sent. One of nothing but ASCII is the same in Latin-1, which is copied instead of encoded. */
  readonly encoding: 'latin1' | 'utf8';
}

export interface AnswerOptions {
  readonly mediaType: MediaType;
  readonly acceptEncoding: string | undefined;
  /** Smaller bodies are not compressed. */
  readonly minBytes: number;
}

export function answerWith(
  result: Result,
  { mediaType, acceptEncoding, minBytes }: AnswerOptions,
): MaybePromise<Answer> {
  const body = writeBody(result);
  const status = statusOf(result, mediaType);
  const headers = ['content-type', `${mediaType}; charset=utf-8`];
  addHeaders(result, headers);
  const size = Buffer.byteLength(body);
  const compression = acceptEncoding !== undefined && size >= minBytes ? chooseCompression(acceptEncoding) : undefined;
  if (!compression) {
    headers.push('content-length', `${size}`);
    return { status, headers, body, encoding: size === body.length ? 'latin1' : 'utf8' };
  }
  return COMPRESS[compression](body).then((compressed) => ({
    status,
    headers: [...headers, 'content-encoding', compression, 'content-length', `${compressed.length}`],
    body: compressed,
    encoding: 'utf8',
  }));
}

/** The highest of the statuses that errors ask for. */
function statusOf({ errors }: Result, mediaType: MediaType): number {
  let status = 200;
  for (const { extensions } of errors ?? []) {
    const http = extensions.http as HttpAnswer | undefined;
    if (!http || (http.spec && mediaType === 'application/json')) continue;
    status = Math.max(status, http.status);
  }
  return status;
}

/** What errors ask for: names and values in turn. */
function addHeaders({ errors }: Result, headers: string[]): void {
  for (const { extensions } of errors ?? []) {
    const http = extensions.http as HttpAnswer | undefined;
    for (const [name, value] of Object.entries(http?.headers ?? {})) headers.push(name, value);
  }
}

type Compression = 'br' | 'gzip';

/** Quick rather than small: the answer is made while somebody waits, and is not kept. */
const COMPRESS: Record<Compression, (body: string | Buffer) => Promise<Buffer<ArrayBuffer>>> = {
  br: (body) => compressBrotli(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
  gzip: (body) => compressGzip(body, { level: 4 }),
};
const compressBrotli = promisify(brotliCompress);
const compressGzip = promisify(gzip);

/** Brotli where it is no less welcome than gzip. */
function chooseCompression(acceptEncoding: string): Compression | undefined {
  const qualities = { br: 0, gzip: 0 };
  for (const part of acceptEncoding.toLowerCase().split(',')) {
    const [name = '', weight = ''] = part.split(';').map((text) => text.trim());
    if (name === 'br' || name === 'gzip') qualities[name] = weight.startsWith('q=') ? Number(weight.slice(2)) : 1;
  }
  if (qualities.br > 0 && qualities.br >= qualities.gzip) return 'br';
  return qualities.gzip > 0 ? 'gzip' : undefined;
}
