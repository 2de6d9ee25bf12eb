/**
 * Whether a request names an address at all. Node's parser lets a Host header pass that no URL can hold; what builds a
 * URL from it later would answer such a request with its own stack.
 */
import type { IncomingMessage } from 'node:http';

/** To be asked before anything else looks at the request: the answer to false is 400 and nothing more. */
export function isAddressed({ headers, url = '/' }: Pick<IncomingMessage, 'headers' | 'url'>): boolean {
  return URL.canParse(`http://${headers.host ?? 'localhost'}${url}`);
}
