/**
 * One subscription at a subgraph, over however many sockets it takes.
 *
 * Events are handed over one after the other, each when the one before has been dealt with. A socket that breaks is replaced
 * after a back-off, with fresh claims, from the cursor of the last event: a subgraph that knows cursors leaves nothing out;
 * one that does not may lose events of the time between. More events than may wait are asked for again from the cursor.
 */
import { backOffMs, LyceumError } from '@lyceum/service-kit';
import type { GraphQLFormattedError } from 'graphql';
import type { SubgraphResponse } from '../../federation/subgraph-client.ts';
import { cursorOf } from '../cursor.ts';
import type { UpstreamOperation } from './upstream-socket.ts';

export interface UpstreamSink {
  /** The next event comes when the promise has settled. Never rejects. */
  event(event: SubgraphResponse): Promise<void> | void;
  /** Nothing follows. With an error if the subgraph did not end it by itself. */
  ended(error?: LyceumError): void;
}

/** How it gets to its subgraph. Throws nothing. */
export interface UpstreamLine {
  /** Subscribes from the cursor on; returns the way to end that. */
  open(cursor: string | null, operation: UpstreamOperation): () => void;
  readonly maxPending: number;
}

/** Longer than a subgraph takes to start. */
const GIVE_UP_MS = 60_000;
/** A socket that lived so long was none of a row of failures. */
const STEADY_MS = 10_000;
const BACK_OFF = { baseMs: 100, maxMs: 5_000 };

/** What is to be done when the events that wait have been handed over. */
type Afterwards = 'wait' | 'end' | 'reconnect' | 'ask again' | 'fail';

export class UpstreamSubscription implements UpstreamOperation {
  readonly #line: UpstreamLine;
  readonly #sink: UpstreamSink;
  #cursor: string | null;
  #pending: SubgraphResponse[] = [];
  #isWorking = false;
  #isClosed = false;
  #afterwards: Afterwards = 'wait';
  #failures = 0;
  #beganAt = 0;
  #brokenSince: number | null = null;
  #retry: NodeJS.Timeout | undefined;
  #leave: () => void = () => {};

  constructor(line: UpstreamLine, from: string | null, sink: UpstreamSink) {
    this.#line = line;
    this.#sink = sink;
    this.#cursor = from;
    this.#connect();
  }

  /** Nothing is handed over after this. */
  close(): void {
    this.#isClosed = true;
    this.#pending = [];
    clearTimeout(this.#retry);
    this.#leave();
  }

  event(event: SubgraphResponse): void {
    this.#failures = 0;
    this.#brokenSince = null;
    if (this.#afterwards !== 'wait') return;
    if (this.#pending.length >= this.#line.maxPending) {
      this.#leave();
      const isResumable = cursorOf(this.#pending.at(-1) ?? {}) !== undefined;
      this.#finish(isResumable ? 'ask again' : 'fail');
      return;
    }
    this.#pending.push(event);
    if (!this.#isWorking) void this.#work();
  }

  refused(errors: readonly GraphQLFormattedError[]): void {
    if (this.#afterwards !== 'wait') return;
    this.#pending.push({ data: null, errors });
    this.#finish('end');
  }

  completed(): void {
    if (this.#afterwards === 'wait') this.#finish('end');
  }

  broken(): void {
    if (this.#afterwards !== 'wait' || this.#isClosed) return;
    const now = performance.now();
    if (now - this.#beganAt > STEADY_MS) [this.#failures, this.#brokenSince] = [0, null];
    this.#failures += 1;
    this.#brokenSince ??= now;
    this.#finish(now - this.#brokenSince > GIVE_UP_MS ? 'fail' : 'reconnect');
  }

  #connect(): void {
    this.#afterwards = 'wait';
    this.#beganAt = performance.now();
    this.#leave = this.#line.open(this.#cursor, this);
  }

  #finish(afterwards: Afterwards): void {
    this.#afterwards = afterwards;
    if (!this.#isWorking) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) {
      await this.#sink.event(next);
      if (this.#isClosed) return;
      this.#cursor = cursorOf(next) ?? this.#cursor;
    }
    this.#isWorking = false;
    if (this.#afterwards === 'end') this.#sink.ended();
    if (this.#afterwards === 'fail') this.#sink.ended(this.#failure());
    if (this.#afterwards === 'ask again') this.#connect();
    if (this.#afterwards === 'reconnect') {
      this.#retry = setTimeout(() => this.#connect(), backOffMs(this.#failures, BACK_OFF));
    }
  }

  #failure(): LyceumError {
    return this.#brokenSince === null
      ? new LyceumError('RATE_LIMITED', 'Events came faster than they could be completed. Subscribe again.')
      : new LyceumError('SUBGRAPH_UNAVAILABLE');
  }
}
