/**
 * An event stream that a client has reserved: several operations on one line, over HTTP.
 *
 * What is sent of them before the client opens the stream waits here, within the same bound. It is broken off, and never
 * opened again, when the client goes, reads too slowly, asks for nothing for long, or loses the right to it, and when the
 * gateway drains: the client makes a new reservation and resumes each operation from its last cursor.
 */
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Identity } from '../../auth/identity.ts';
import type { LeaveReason } from '../live-operation.ts';
import { callWhenTaken, type Line, MultiplexedOperations, type MultiplexedOptions } from '../multiplexed-operations.ts';
import { COMMENT, EVENT_STREAM_HEADERS, PING_MS } from './event-stream.ts';
import { WORDING } from './wording.ts';

/** A client that does not read does not take what is left for it either. */
const HANG_UP_MS = 2_000;

export class ReservedStream implements Line {
  /** The ticket to it: whoever has it may open the stream, once. */
  readonly token = randomBytes(24).toString('base64url');
  readonly identity: Identity;
  readonly operations: MultiplexedOperations;
  readonly #onGone: () => void;
  #response: ServerResponse | undefined;
  #held: (string | Buffer)[] = [];
  #heldBytes = 0;
  #whenOpened: (() => void)[] = [];
  #isOver = false;
  #pings: NodeJS.Timeout | undefined;
  readonly #opening: NodeJS.Timeout;

  constructor(identity: Identity, options: MultiplexedOptions, onGone: () => void) {
    this.identity = identity;
    this.#onGone = onGone;
    this.operations = new MultiplexedOperations(this, WORDING, options);
    const { initialisationMs } = options.policy.current.limits.webSocket;
    this.#opening = setTimeout(() => this.breakOff('client'), initialisationMs);
  }

  get isOpened(): boolean {
    return this.#response !== undefined;
  }

  /** `common` is what every answer carries, names and values in turn. */
  open(response: ServerResponse, common: readonly string[]): void {
    clearTimeout(this.#opening);
    this.#response = response;
    response.once('close', () => this.breakOff('client'));
    // Follows a write to a line that has just broken, and tells nothing new.
    response.on('error', () => {});
    response.writeHead(200, common.concat(EVENT_STREAM_HEADERS));
    // The first bytes make clients and proxies see the stream as open.
    response.write(COMMENT);
    for (const message of this.#held) response.write(message);
    this.#held = [];
    this.#heldBytes = 0;
    for (const go of this.#whenOpened) callWhenTaken(response, go);
    this.#whenOpened = [];
    this.#pings = setInterval(() => this.#ping(), PING_MS);
  }

  get isOpen(): boolean {
    return !this.#isOver;
  }

  get buffered(): number {
    return this.#response ? this.#response.writableLength : this.#heldBytes;
  }

  write(message: string | Buffer): void {
    if (this.#response) {
      this.#response.write(message);
      return;
    }
    this.#held.push(message);
    this.#heldBytes += Buffer.byteLength(message);
  }

  whenTaken(go: () => void): void {
    if (this.#response) callWhenTaken(this.#response, go);
    else this.#whenOpened.push(go);
  }

  giveUp(): void {
    this.breakOff('slow');
  }

  breakOff(reason: LeaveReason): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#opening);
    clearInterval(this.#pings);
    this.operations.leaveAll(reason);
    this.#onGone();
    this.#held = [];
    for (const go of this.#whenOpened) go();
    this.#hangUp(reason);
  }

  /** Without the end that the protocol knows, so that the client does not take it for that. */
  #hangUp(reason: LeaveReason): void {
    const response = this.#response;
    if (!response || response.destroyed) return;
    if (reason !== 'drain') {
      response.destroy();
      return;
    }
    // What has been finished before the gateway drained still arrives.
    callWhenTaken(response, () => response.destroy());
    setTimeout(() => response.destroy(), HANG_UP_MS).unref();
  }

  #ping(): void {
    if (this.operations.areIdle) this.breakOff('client');
    else if (this.buffered === 0) this.write(COMMENT);
  }
}
