/**
 * Collects the body of a request, counting bytes as they come.
 */
import type { IncomingMessage } from 'node:http';

/**
 * Calls back once: with the body, or with null as soon as it is known to be larger than allowed. What is left unread then
 * is thrown away by Node within the server's request time-out. Never calls back for a client that is gone.
 */
export function collectBody(req: IncomingMessage, maxBytes: number, done: (body: Buffer | null) => void): void {
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) {
    done(null);
    return;
  }
  const chunks: Buffer[] = [];
  let size = 0;

  const take = (chunk: Buffer) => {
    size += chunk.length;
    chunks.push(chunk);
    if (size <= maxBytes) return;
    req.off('data', take).off('end', end).resume();
    done(null);
  };
  const end = () => done(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size));
  req.on('data', take).on('end', end);
}
