/**
 * An HTTP server on bare sockets, for requests that come one at a time on kept-alive connections.
 *
 * Node's own server costs several times what an answer from memory does, and the subgraphs share their core with the
 * load generator. It understands bodies by length and in chunks, and nothing else that the peers do not send.
 */
import { createServer, type Server, type Socket } from 'node:net';

/** `body` has one character for each byte. */
export type Handle = (method: string, path: string, body: string) => Buffer;

export function createRawServer(handle: Handle): Server {
  return createServer({ noDelay: true }, (socket: Socket) => {
    let unread = '';
    socket.on('error', () => socket.destroy());
    socket.on('data', (data: Buffer) => {
      unread += data.toString('latin1');
      while (unread.length > 0) {
        const request = readRequest(unread);
        if (!request) return;
        unread = unread.slice(request.length);
        socket.write(handle(request.method, request.path, request.body));
      }
    });
  });
}

interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  /** Of the whole request. */
  readonly length: number;
}

/** Null while more must come. */
function readRequest(text: string): RawRequest | null {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const head = text.slice(0, headEnd);
  const [method = '', path = ''] = head.slice(0, head.indexOf('\r\n')).split(' ', 2);
  const start = headEnd + 4;
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) {
    const end = start + Number(length);
    return text.length < end ? null : { method, path, body: text.slice(start, end), length: end };
  }
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return readChunks(text, start, method, path);
  return { method, path, body: '', length: start };
}

function readChunks(text: string, start: number, method: string, path: string): RawRequest | null {
  let body = '';
  for (let position = start; ; ) {
    const lineEnd = text.indexOf('\r\n', position);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(text.slice(position, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (text.length < next) return null;
    if (size === 0) return { method, path, body, length: next };
    body += text.slice(lineEnd + 2, lineEnd + 2 + size);
    position = next;
  }
}
