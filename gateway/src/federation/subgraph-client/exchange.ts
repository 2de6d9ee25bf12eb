/**
 * One HTTP exchange with one instance of a subgraph, at the level of undici's dispatcher: no streams, no promises.
 *
 * An answer within the bound is handed over whole; whatever else happens is one failure. Either comes exactly once.
 */
import { POSITIONS_HEADER } from '@lyceum/contracts';
import type { Dispatcher } from 'undici';
import type { Ticket } from './breaker.ts';
import { decompress } from './compression.ts';
import type { Instance } from './instance.ts';
import { failureOf, SubgraphFailure } from './subgraph-failure.ts';

export interface ExchangeRequest {
  readonly headers: string[];
  readonly body: string | Buffer;
  readonly headersMs: number;
  readonly bodyMs: number;
}

export interface ExchangeOwner {
  answered(exchange: Exchange, status: number, text: string): void;
  failed(exchange: Exchange, failure: SubgraphFailure): void;
}

export class Exchange implements Dispatcher.DispatchHandler {
  readonly instance: Instance;
  readonly ticket: Ticket;
  /** Of the answer's header. */
  positions: string | undefined;
  readonly #owner: ExchangeOwner;
  readonly #maxBytes: number;
  #controller: Dispatcher.DispatchController | undefined;
  #over: Error | undefined;
  #status = 0;
  #encoding: string | undefined;
  #first: Buffer | undefined;
  #more: Buffer[] | undefined;
  #size = 0;

  constructor(owner: ExchangeOwner, instance: Instance, ticket: Ticket, maxBytes: number) {
    this.#owner = owner;
    this.instance = instance;
    this.ticket = ticket;
    this.#maxBytes = maxBytes;
  }

  send({ headers, body, headersMs: headersTimeout, bodyMs: bodyTimeout }: ExchangeRequest): void {
    const { pool, path } = this.instance;
    try {
      pool.dispatch({ method: 'POST', path, headers, body, headersTimeout, bodyTimeout }, this);
    } catch (error) {
      this.onResponseError(undefined, error as Error);
    }
  }

  /** Frees the connection. The owner hears nothing of this exchange any more. */
  cancel(reason: Error): void {
    if (this.#over) return;
    this.#over = reason;
    this.#controller?.abort(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Cancelled while it waited for a connection: undici then does not send it.
    if (this.#over) controller.abort(this.#over);
  }

  onResponseStart(_controller: unknown, status: number, headers: Readonly<Record<string, unknown>>): void {
    if (status < 200) return;
    this.#status = status;
    const { 'content-encoding': encoding, 'content-length': length, [POSITIONS_HEADER]: positions } = headers;
    if (encoding !== undefined) this.#encoding = String(encoding);
    if (positions !== undefined) this.positions = String(positions);
    if (Number(length) > this.#maxBytes) this.#refuseSize();
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    if (this.#over) return;
    this.#size += chunk.length;
    if (this.#size > this.#maxBytes) return void this.#refuseSize();
    if (!this.#first) this.#first = chunk;
    else if (this.#more) this.#more.push(chunk);
    else this.#more = [this.#first, chunk];
  }

  onResponseEnd(): void {
    if (this.#over) return;
    const body = this.#more ? Buffer.concat(this.#more, this.#size) : this.#first;
    if (!this.#encoding || this.#encoding === 'identity' || !body) return void this.#finish(body);
    decompress(body, this.#encoding, this.#maxBytes).then(
      (bytes) => this.#finish(bytes),
      (error) => this.onResponseError(undefined, error),
    );
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (this.#over) return;
    this.#over = error;
    this.#owner.failed(this, failureOf(error));
  }

  #finish(body: Buffer | undefined): void {
    if (this.#over) return;
    this.#over = ENDED;
    this.#owner.answered(this, this.#status, body ? body.toString('utf8') : '');
  }

  #refuseSize(): void {
    const failure = new SubgraphFailure('too-large', `the answer is larger than ${this.#maxBytes} bytes`);
    this.onResponseError(undefined, failure);
    this.#controller?.abort(failure);
  }
}

const ENDED = new Error('the exchange has ended');
