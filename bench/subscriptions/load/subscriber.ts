/**
 * One client with one subscription (graphql-transport-ws). Counts what it hears, and what it should have heard.
 */
import type { Socket } from 'node:net';
import type { SubscribeParams } from '../graph/operations.ts';
import { openClientSocket, textFrame } from './client-socket.ts';
import type { Topic } from './topic.ts';

const SEQUENCE = Buffer.from('"sequence":');

export interface SubscriberOptions {
  readonly port: number;
  readonly topic: Topic;
  readonly params: SubscribeParams;
  /** Null for a gateway that asks for none. */
  readonly token: string | null;
  /** Of each event, in order. */
  readonly onEvent: (sequence: number, message: Buffer) => void;
  /** What no event is and should not have come. */
  readonly onFailure: (reason: string) => void;
}

export class Subscriber {
  readonly topic: Topic;
  readonly socket: Socket;
  /** The last event that was heard. */
  heard: number;
  /** Events that never came before a later one did. */
  missed = 0;
  repeated = 0;
  /** Null while it is open. */
  closedWith: number | null = null;
  readonly acknowledged: Promise<void>;

  constructor({ port, topic, params, token, onEvent, onFailure }: SubscriberOptions) {
    this.topic = topic;
    this.heard = topic.sequence;
    let acknowledge = () => {};
    this.acknowledged = new Promise((resolve) => {
      acknowledge = resolve;
    });
    this.socket = openClientSocket({
      port,
      onOpen: () => {
        const payload = token === null ? {} : { authorization: `Bearer ${token}` };
        this.socket.write(textFrame({ type: 'connection_init', payload }));
      },
      onMessage: (message) => {
        const at = message.indexOf(SEQUENCE);
        if (at >= 0) return this.#hear(readNumber(message, at + SEQUENCE.length), message, onEvent);
        const { type, payload } = JSON.parse(message.toString()) as { type: string; payload?: { errors?: unknown } };
        if (type === 'connection_ack') {
          // Peers ignore the question for cursors.
          const extensions = { cursor: null };
          this.socket.write(textFrame({ id: '1', type: 'subscribe', payload: { ...params, extensions } }));
          acknowledge();
        } else if (type === 'ping') this.socket.write(textFrame({ type: 'pong' }));
        else if (type !== 'next' || payload?.errors) onFailure(message.toString('utf8', 0, 400));
      },
      onClose: (code, reason) => {
        this.closedWith = code;
        acknowledge();
        onFailure(`closed with ${code} ${reason}`);
      },
    });
  }

  #hear(sequence: number, message: Buffer, onEvent: SubscriberOptions['onEvent']): void {
    if (sequence <= this.heard) {
      this.repeated += 1;
      return;
    }
    this.missed += sequence - this.heard - 1;
    this.heard = sequence;
    onEvent(sequence, message);
  }
}

function readNumber(bytes: Buffer, start: number): number {
  let value = 0;
  for (let at = start; ; at += 1) {
    const digit = (bytes[at] ?? 0) - 48;
    if (digit < 0 || digit > 9) return value;
    value = value * 10 + digit;
  }
}
