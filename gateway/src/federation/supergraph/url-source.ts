/**
 * A supergraph behind a URL, such as a schema registry's, asked at an interval with the ETag of the last answer.
 */
import type { Live } from '@lyceum/service-kit';
import type { SupergraphPolicy } from '../../config.ts';
import { poll } from './poll.ts';
import type { SupergraphSource } from './supergraph-source.ts';

export interface UrlSourceOptions {
  readonly url: string;
  /** Sent as the header `authorization`. */
  readonly authorization?: string;
  readonly policy: Live<{ readonly supergraph: SupergraphPolicy }>;
}

/** 404 and 410 mean that there is none. */
export function createUrlSource({ url, authorization, policy }: UrlSourceOptions): SupergraphSource {
  let last: { readonly text: string; readonly etag: string } | undefined;
  const closing = new AbortController();
  let stop = () => {};

  return {
    kind: 'url',
    async read() {
      const { timeoutMs, maxBytes } = policy.current.supergraph;
      const response = await fetch(url, {
        headers: {
          accept: 'text/plain, application/graphql, */*',
          ...(authorization && { authorization }),
          ...(last && { 'if-none-match': last.etag }),
        },
        // Covers the body too.
        signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), closing.signal]),
      });
      if (response.status === 304 && last) return last.text;
      if (!response.ok) {
        await response.body?.cancel();
        if (response.status === 404 || response.status === 410) return null;
        throw new Error(`the supergraph's URL answers with status ${response.status}`);
      }
      const text = await readText(response, maxBytes);
      const etag = response.headers.get('etag');
      last = etag === null ? undefined : { text, etag };
      return text;
    },
    watch(changed) {
      stop = poll(() => policy.current.supergraph.pollMs, changed);
    },
    close() {
      stop();
      closing.abort();
    },
  };
}

async function readText({ body }: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.byteLength;
    // Leaving the loop cancels the body.
    if (length > maxBytes) throw new Error(`the supergraph has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
