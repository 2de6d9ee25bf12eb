/**
 * Writes an answer in parts as a multipart body: each result is a part with a JSON body of its own.
 *
 * A result is asked for only when the connection has taken the one before. The delimiter that ends a part is sent with it,
 * so that clients need not wait for the next part to know that this one is whole.
 */
import type { GraphQLError } from 'graphql';
import type { Result } from '../pipeline.ts';
import { writeResult } from './write-result.ts';

/** A dash cannot begin a line of JSON, so it can be the boundary. */
export const MULTIPART = 'multipart/mixed; boundary="-"; deferSpec=20220824';

const PART_HEAD = 'content-type: application/json; charset=utf-8\r\n\r\n';

function failed(error: GraphQLError): IteratorResult<Result, undefined> {
  return { done: false, value: { errors: [error], hasNext: false } };
}

/** Cancelling it, when the client is gone, ends what is under way. */
export function writeMultipart(results: AsyncGenerator<Result>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let delimiter = '\r\n---\r\n';
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        // What fails on the way is masked by now, and the last that is said.
        const { done, value } = await results.next().catch(failed);
        const last = done || !value?.hasNext;
        const part = value === undefined ? '' : `${PART_HEAD}${writeResult(value)}`;
        controller.enqueue(encoder.encode(`${delimiter}${part}\r\n---${last ? '--' : ''}\r\n`));
        delimiter = '';
        if (!last) return;
        await results.return(undefined);
        controller.close();
      },
      async cancel() {
        await results.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
