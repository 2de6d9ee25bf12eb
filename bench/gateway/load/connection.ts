/**
 * One kept-alive connection that sends the next request as soon as its answer is there.
 *
 * On bare sockets, because the generator shares a core with the subgraphs: a general client costs more for each answer
 * than the fastest gateways need to give it. An answer ends where its length says; one in chunks ends with the last chunk,
 * which cannot stand inside JSON that is written without line breaks.
 */
import { connect, type Socket } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');
const LAST_CHUNK = Buffer.from('\r\n0\r\n\r\n');

export interface Answered {
  readonly ok: boolean;
  /** Of the body; null where it came in chunks. */
  readonly length: number | null;
  readonly milliseconds: number;
}

/** Ends when there is no next request, or with `destroy()`. `onFail` is called once at most. */
export function openConnection(options: {
  port: number;
  /** Null ends the connection. */
  nextRequest: () => Buffer | null;
  onAnswer: (answered: Answered) => void;
  onFail: (error: Error) => void;
  onClose: () => void;
}): Socket {
  const { port, nextRequest, onAnswer, onFail, onClose } = options;
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let sentAt = 0;
  let status = 0;
  /** Bytes that are still to come; null while the head is not whole, -1 for chunks. */
  let missing: number | null = null;
  let length: number | null = null;
  let kept: Buffer | null = null;

  const send = () => {
    missing = null;
    kept = null;
    const request = nextRequest();
    if (!request) {
      socket.destroy();
      return;
    }
    sentAt = performance.now();
    socket.write(request);
  };
  const finish = () => {
    onAnswer({ ok: status === 200, length, milliseconds: performance.now() - sentAt });
    if (!socket.destroyed) send();
  };

  socket.once('connect', send);
  socket.once('close', onClose);
  socket.once('error', onFail);
  socket.once('end', () => onFail(new Error('the connection was closed')));
  socket.on('data', (data: Buffer) => {
    let chunk = data;
    if (missing === null) {
      if (kept) chunk = Buffer.concat([kept, chunk]);
      const headEnd = chunk.indexOf(HEAD_END);
      if (headEnd < 0) {
        kept = chunk;
        return;
      }
      const head = chunk.toString('latin1', 0, headEnd);
      status = Number(head.slice(9, 12));
      const found = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
      length = found === undefined ? null : Number(found);
      missing = length === null ? -1 : length;
      chunk = chunk.subarray(headEnd + (length === null ? 2 : 4));
      kept = null;
    } else if (missing < 0) {
      chunk = kept ? Buffer.concat([kept, chunk]) : chunk;
    }
    if (missing < 0) {
      if (chunk.length >= LAST_CHUNK.length && chunk.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK)) finish();
      else kept = chunk.subarray(-LAST_CHUNK.length);
      return;
    }
    missing -= chunk.length;
    if (missing <= 0) finish();
  });
  return socket;
}
