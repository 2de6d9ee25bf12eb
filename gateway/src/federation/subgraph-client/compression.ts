/**
 * Bodies in gzip and brotli. What is decompressed is bounded: a small body may hold a very large one.
 */
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, gzip } from 'node:zlib';
import { SubgraphFailure } from './subgraph-failure.ts';

const decoders: Readonly<Record<string, typeof gunzip.__promisify__>> = {
  gzip: promisify(gunzip),
  br: promisify(brotliDecompress),
};

export const ACCEPTED_ENCODINGS = 'gzip, br';

export const compress = promisify(gzip) as (text: string) => Promise<Buffer>;

/** Throws for an encoding that was not accepted, for what is not in it, and for more than `maxBytes`. */
export async function decompress(body: Buffer, encoding: string, maxBytes: number): Promise<Buffer> {
  const decode = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined;
  if (!decode) throw new SubgraphFailure('no-answer', 'the answer is in an encoding that was not asked for');
  try {
    return await decode(body, { maxOutputLength: maxBytes });
  } catch (cause) {
    const tooLarge = (cause as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE';
    if (tooLarge) throw new SubgraphFailure('too-large', `the answer is larger than ${maxBytes} bytes`, { cause });
    throw new SubgraphFailure('no-answer', 'the answer cannot be decompressed', { cause });
  }
}
