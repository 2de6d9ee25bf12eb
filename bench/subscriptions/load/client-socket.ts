/**
 * A WebSocket client on a bare socket, for thousands of them in one process that must leave time to those it measures with.
 *
 * It understands what gateways send: whole text frames, pings and a goodbye. It masks with zeros, which a server cannot
 * tell from any other mask.
 */
import { connect, type Socket } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');
const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
/** Of a socket that broke without a goodbye. */
const NO_CODE = 1006;

export function openClientSocket(options: {
  port: number;
  onOpen: () => void;
  /** One whole message; its bytes are valid during the call. */
  onMessage: (message: Buffer) => void;
  /** Called once. */
  onClose: (code: number, reason: string) => void;
}): Socket {
  const { port, onOpen, onMessage, onClose } = options;
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let isOpen = false;
  let unread: Buffer | null = null;
  let goodbye = { code: NO_CODE, reason: '' };

  socket.once('connect', () => {
    socket.write(
      `GET /graphql HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n` +
        'sec-websocket-version: 13\r\nsec-websocket-key: bGl2ZSBzdWJzY3JpYmVycw==\r\n' +
        'sec-websocket-protocol: graphql-transport-ws\r\n\r\n',
    );
  });
  socket.on('error', (error) => {
    goodbye = { code: goodbye.code, reason: goodbye.reason || error.message };
  });
  socket.once('close', () => onClose(goodbye.code, goodbye.reason));
  socket.on('data', (data: Buffer) => {
    let bytes = unread ? Buffer.concat([unread, data]) : data;
    unread = null;
    if (!isOpen) {
      const headEnd = bytes.indexOf(HEAD_END);
      if (headEnd < 0) {
        unread = bytes;
        return;
      }
      const status = bytes.toString('latin1', 9, 12);
      if (status !== '101') {
        goodbye = { code: NO_CODE, reason: `status ${status}` };
        return void socket.destroy();
      }
      isOpen = true;
      bytes = bytes.subarray(headEnd + HEAD_END.length);
      onOpen();
    }
    while (bytes.length >= 2) {
      const short = (bytes[1] as number) & 127;
      const start = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (bytes.length < start) break;
      const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
      const end = start + length;
      if (bytes.length < end) break;
      const payload = bytes.subarray(start, end);
      const kind = (bytes[0] as number) & 15;
      if (kind === TEXT) onMessage(payload);
      else if (kind === PING) socket.write(writeFrame(PONG, payload));
      else if (kind === CLOSE) {
        goodbye = { code: length >= 2 ? payload.readUInt16BE(0) : NO_CODE, reason: payload.toString('utf8', 2) };
        return void socket.end(writeFrame(CLOSE, payload));
      }
      bytes = bytes.subarray(end);
    }
    // A copy: what the system read into is used again, and may be much larger.
    if (bytes.length > 0) unread = Buffer.from(bytes);
  });
  return socket;
}

export function textFrame(message: unknown): Buffer {
  return writeFrame(TEXT, Buffer.from(JSON.stringify(message)));
}

function writeFrame(kind: number, payload: Buffer): Buffer {
  const size = payload.length < 126 ? [0x80 | payload.length] : [0x80 | 126, payload.length >> 8, payload.length & 255];
  return Buffer.concat([Buffer.from([0x80 | kind, ...size, 0, 0, 0, 0]), payload]);
}
