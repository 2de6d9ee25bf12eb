/**
 * Raw sockets of the graphql-transport-ws protocol, for what a well-behaved client hides.
 */
import { once } from 'node:events';
import { eventually } from '@lyceum/testing';
import { WebSocket } from 'ws';

export interface Message {
  readonly type: string;
  readonly id?: string;
  readonly payload?: unknown;
}

export interface RawSocket {
  send(message: object): void;
  /** Sends anything, however wrong; a buffer as binary. */
  sendRaw(data: string | Buffer): void;
  /** Whether the client reads what comes. */
  read(isReading: boolean): void;
  /** Every message that came, in order. */
  readonly messages: Message[];
  /** The first message for this operation, once it has come. */
  answerTo(id: string): Promise<Message>;
  /** Resolves when the socket is closed. */
  readonly closed: Promise<{ code: number; reason: string }>;
  close(): void;
}

/** Opens a socket and says who it is; does not wait for the acknowledgement. */
export async function openSocket(url: string, payload: object = {}): Promise<RawSocket> {
  const socket = await connectSocket(url);
  socket.send({ type: 'connection_init', payload });
  return socket;
}

/** The same, acknowledged. */
export async function acknowledgedSocket(url: string, payload: object = {}): Promise<RawSocket> {
  const socket = await openSocket(url, payload);
  await eventually(() => socket.messages[0]?.type === 'connection_ack');
  return socket;
}

/** Opens a socket and says nothing. Rejects if the handshake is refused. */
export async function connectSocket(
  url: string,
  {
    protocols = ['graphql-transport-ws'],
    headers = {},
  }: { protocols?: string[]; headers?: Record<string, string> } = {},
): Promise<RawSocket> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), protocols, { headers });
  const messages: RawSocket['messages'] = [];
  socket.on('message', (data) => messages.push(JSON.parse(String(data))));
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: String(reason) }));
  });
  await once(socket, 'open');
  return {
    answerTo: (operation) =>
      eventually(() => {
        const answer = messages.find(({ id }) => id === operation);
        if (!answer) throw new Error(`no answer to ${operation} yet`);
        return answer;
      }),
    send: (message) => socket.send(JSON.stringify(message)),
    sendRaw: (data) => socket.send(data),
    read: (isReading) => (isReading ? socket.resume() : socket.pause()),
    messages,
    closed,
    close: () => socket.close(),
  };
}

/** How the gateway ends a socket that does nothing but say who it is. */
export async function untilClosed(url: string, payload: object) {
  const { closed, messages } = await openSocket(url, payload);
  return { ...(await closed), acknowledged: messages.some(({ type }) => type === 'connection_ack') };
}
