/**
 * All operations of one client on one line, a socket or an event stream: what is sent of each, and how much may wait.
 *
 * What the client does not read in time is bounded in bytes. Beyond that, an operation whose delivery is LATEST keeps its
 * newest message and sends it when there is room; anything else gives the line up, and the client resumes from its last
 * cursor. Transports say what their messages look like; the rules are the same for all of them.
 */
import type { Writable } from 'node:stream';
import type { Live } from '@lyceum/service-kit';
import type { GraphQLError } from 'graphql';
import type { GatewayPolicy } from '../config.ts';
import { writeResult } from '../http/write-result.ts';
import type { SubscriptionMetrics } from '../observability/subscription-metrics.ts';
import { isStream, type Outcome, type Result } from '../pipeline.ts';
import type { LiveMessage } from './live-message.ts';
import { isLive, type LeaveReason } from './live-operation.ts';
import { type OperationHost, RunningOperation } from './running-operation.ts';

/** What the operations share. */
export interface Line {
  readonly isOpen: boolean;
  /** Bytes that the client has not taken yet. */
  readonly buffered: number;
  write(message: string | Buffer): void;
  /** Calls back once all that was written has been taken, or never will be. */
  whenTaken(go: () => void): void;
  /** Gives up on a client that reads too slowly. */
  giveUp(): void;
}

/** Not by `drain`, which comes only if what waited was more than the stream's own bound: by nothing, written after it. */
export function callWhenTaken(stream: Writable, go: () => void): void {
  if (stream.writable) stream.write('', () => go());
  else queueMicrotask(go);
}

/** How a protocol words what is sent of an operation. */
export interface Wording {
  /** What stands before the payload of each of its results. */
  nextHead(id: string): string;
  readonly nextTail: string;
  complete(id: string): string;
  /** Ends it, too. */
  error(id: string, errors: readonly GraphQLError[]): string;
}

export interface MultiplexedOptions {
  readonly policy: Live<GatewayPolicy>;
  readonly metrics: SubscriptionMetrics;
}

/** Answers to queries may be larger than events: so many times the budget may wait for a client before it is too slow. */
const HARD_LIMIT_TIMES = 4;

export class MultiplexedOperations implements OperationHost {
  readonly #line: Line;
  readonly #wording: Wording;
  readonly #options: MultiplexedOptions;
  readonly #open = new Map<string, RunningOperation>();
  #isWaiting = false;
  #idleSince = performance.now();

  constructor(line: Line, wording: Wording, options: MultiplexedOptions) {
    this.#line = line;
    this.#wording = wording;
    this.#options = options;
  }

  has(id: string): boolean {
    return this.#open.has(id);
  }

  /** Whether the client may not begin another one. */
  get areTooMany(): boolean {
    return this.#open.size >= this.#limits.maxOperations;
  }

  /** Whether there has been none for as long as the policy allows. */
  get areIdle(): boolean {
    return this.#open.size === 0 && performance.now() - this.#idleSince > this.#limits.idleMs;
  }

  /** The id must be free. */
  begin(id: string): RunningOperation {
    const operation = new RunningOperation(id, this.#wording.nextHead(id), this);
    this.#open.set(id, operation);
    return operation;
  }

  /** Sends what has come of it, until it ends. */
  async answer(operation: RunningOperation, outcome: Outcome): Promise<void> {
    if (operation.isOver) return;
    if (isLive(outcome)) return operation.follow(outcome);
    if (isStream(outcome)) return await this.#answerInParts(operation, outcome);
    if (outcome.errors?.length && !('data' in outcome)) return this.ended(operation, outcome.errors);
    this.#sendNext(operation, Buffer.from(writeResult(outcome)));
    this.ended(operation, undefined);
  }

  /** The client wants no more of it. */
  leave(id: string): void {
    const operation = this.#open.get(id);
    if (operation) this.release(operation);
  }

  /** Nothing more is sent of it; its id is free. */
  release(operation: RunningOperation): void {
    if (operation.isOver) return;
    this.#open.delete(operation.id);
    operation.leave('client');
    if (this.#open.size === 0) this.#idleSince = performance.now();
  }

  leaveAll(reason: LeaveReason): void {
    for (const operation of this.#open.values()) operation.leave(reason);
    this.#open.clear();
  }

  deliver(operation: RunningOperation, message: LiveMessage): void {
    // A line whose client has hung up never has room again.
    if (!this.#line.isOpen) return;
    const { metrics } = this.#options;
    // Nothing overtakes what waits.
    if (message.isOpening) this.#sendWaiting(operation);
    else if (this.#isFull() || operation.waiting) {
      if (operation.policy !== 'LATEST') {
        this.#giveUp();
        return;
      }
      if (operation.waiting) metrics.coalesced.inc();
      operation.waiting = message;
      this.#whenRoom();
      return;
    }
    this.#sendNext(operation, message.payload);
    metrics.frames.inc();
  }

  ended(operation: RunningOperation, errors: readonly GraphQLError[] | undefined): void {
    this.#sendWaiting(operation);
    this.release(operation);
    const { id } = operation;
    this.send(errors ? this.#wording.error(id, errors) : this.#wording.complete(id));
  }

  /** Events are bounded where they are delivered; this bounds all that a client asks for and does not read. */
  send(message: string | Buffer): void {
    if (!this.#line.isOpen) return;
    if (this.#line.buffered > HARD_LIMIT_TIMES * this.#limits.maxBufferedBytes) this.#giveUp();
    else this.#line.write(message);
  }

  async #answerInParts(operation: RunningOperation, results: AsyncGenerator<Result>): Promise<void> {
    operation.signal.addEventListener('abort', () => void results.return(undefined), { once: true });
    try {
      for await (const result of results) {
        if (operation.isOver) return;
        this.#sendNext(operation, Buffer.from(writeResult(result)));
        if (this.#isFull()) await new Promise<void>((resolve) => this.#line.whenTaken(resolve));
      }
    } catch (thrown) {
      if (!operation.isOver) this.ended(operation, [thrown as GraphQLError]);
      return;
    }
    if (!operation.isOver) this.ended(operation, undefined);
  }

  get #limits(): GatewayPolicy['limits']['webSocket'] {
    return this.#options.policy.current.limits.webSocket;
  }

  #isFull(): boolean {
    return this.#line.buffered > this.#limits.maxBufferedBytes;
  }

  /** Sends what waits as soon as the line has taken what was sent before. */
  #whenRoom(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#line.whenTaken(() => {
      this.#isWaiting = false;
      for (const operation of this.#open.values()) {
        const { waiting } = operation;
        operation.waiting = undefined;
        if (waiting) this.deliver(operation, waiting);
      }
    });
  }

  #sendWaiting(operation: RunningOperation): void {
    const { waiting } = operation;
    operation.waiting = undefined;
    if (waiting) this.#sendNext(operation, waiting.payload);
  }

  #giveUp(): void {
    this.#options.metrics.slowCloses.inc();
    this.#line.giveUp();
  }

  #sendNext({ head }: RunningOperation, payload: Buffer): void {
    const { nextTail } = this.#wording;
    const headBytes = Buffer.byteLength(head);
    const message = Buffer.allocUnsafe(headBytes + payload.length + nextTail.length);
    message.write(head);
    payload.copy(message, headBytes);
    message.write(nextTail, headBytes + payload.length, 'latin1');
    this.send(message);
  }
}
