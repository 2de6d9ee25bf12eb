/**
 * One fetch from a subgraph, from the first try to the answer that everyone who waits for it gets.
 *
 * A query may be tried again, and may be sent a second time while the first answer is awaited; both take from the
 * subgraph's budget. A mutation is sent once, whatever happens: it may have been carried out.
 */
import { backOffMs } from '@lyceum/service-kit';
import type { SubgraphsPolicy } from '../../config.ts';
import type { SubgraphResponse } from '../subgraph-client.ts';
import { Exchange, type ExchangeOwner } from './exchange.ts';
import type { Instance } from './instance.ts';
import type { Passenger } from './passenger.ts';
import { readAnswer } from './read-answer.ts';
import { failureOf, isWorthAnotherTry, SubgraphFailure } from './subgraph-failure.ts';
import type { Admission, Target } from './target.ts';
import type { Waiting, Watch } from './watch.ts';

export interface FlightOptions {
  readonly target: Target;
  readonly isQuery: boolean;
  /** Who asks, and what: equal ones may share a flight. */
  readonly caller: string;
  readonly request: string;
  readonly headers: string[];
  /** The request as it is sent. */
  readonly body: string | Buffer;
  readonly settings: SubgraphsPolicy;
}

export interface FlightControl {
  readonly watch: Watch;
  retried(flight: Flight, why: SubgraphFailure): void;
  hedged(flight: Flight): void;
  /** Nobody may board any more. */
  ended(flight: Flight): void;
}

export class Flight implements ExchangeOwner, Waiting {
  readonly options: FlightOptions;
  readonly startedAt: number;
  readonly #control: FlightControl;
  #passengers: Passenger[];
  #exchanges: Exchange[] = [];
  #tries = 0;
  #lastFailure: SubgraphFailure | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(options: FlightOptions, control: FlightControl, first: Passenger, now: number) {
    this.options = options;
    this.startedAt = now;
    this.#control = control;
    this.#passengers = [first];
  }

  board(passenger: Passenger): void {
    this.#passengers.push(passenger);
  }

  start(): void {
    const { target, settings, isQuery } = this.options;
    this.#control.watch.add(this);
    if (isQuery) target.budget.earn(settings.retries.budgetShare, settings.retries.budgetBurst);
    this.#try();
    if (isQuery && settings.hedging.enabled && !this.#ended) this.#hedgeLater();
  }

  answered(exchange: Exchange, status: number, text: string): void {
    this.#leave(exchange);
    let answer: SubgraphResponse;
    try {
      answer = readAnswer(status, text, exchange.positions);
    } catch (error) {
      return void this.#tryFailed(exchange, failureOf(error));
    }
    exchange.ticket.succeeded();
    const { target, settings } = this.options;
    if (settings.hedging.enabled) target.latencies.add(performance.now() - this.startedAt);
    const passengers = this.#end(ANSWERED);
    passengers[0]?.resolve(answer);
    for (let index = 1; index < passengers.length; index += 1)
      passengers[index]!.resolve(readAnswer(status, text, exchange.positions));
  }

  failed(exchange: Exchange, failure: SubgraphFailure): void {
    this.#leave(exchange);
    this.#tryFailed(exchange, failure);
  }

  look(now: number): void {
    const { settings, isQuery } = this.options;
    if (now - this.startedAt >= settings.totalMs) {
      const failure = new SubgraphFailure('silent', `no answer within ${settings.totalMs} ms`);
      for (const { ticket } of this.#exchanges) ticket.failed(failure);
      return void this.#fail(failure);
    }
    if (!this.#passengers.some(({ gone }) => gone)) return;
    for (const passenger of this.#passengers) if (passenger.gone) passenger.reject(GONE);
    this.#passengers = this.#passengers.filter(({ gone }) => !gone);
    // A mutation that has been sent is carried out to its end; a breaker's trial must tell how it ended.
    const needed = !isQuery || this.#exchanges.some(({ ticket }) => ticket.trial);
    if (this.#passengers.length === 0 && !needed) this.#end(GONE);
  }

  #try(except?: Instance): void {
    const admission = this.options.target.choose(except);
    if (!admission) return void this.#fail(this.#lastFailure ?? new SubgraphFailure('breaker-open', BREAKER_OPEN));
    if (admission.instance.outstanding >= this.options.settings.maxOutstanding) {
      admission.ticket.abandoned();
      return void this.#fail(new SubgraphFailure('overloaded', 'too many fetches wait for the subgraph already'));
    }
    this.#tries += 1;
    this.#send(admission);
  }

  #send({ instance, ticket }: Admission): void {
    const { headers, body, settings } = this.options;
    const { headersMs, bodyMs, maxResponseBytes } = settings;
    const exchange = new Exchange(this, instance, ticket, maxResponseBytes);
    this.#exchanges.push(exchange);
    instance.outstanding += 1;
    exchange.send({ headers, body, headersMs, bodyMs });
  }

  #leave(exchange: Exchange): void {
    this.#exchanges.splice(this.#exchanges.indexOf(exchange), 1);
    exchange.instance.outstanding -= 1;
  }

  #tryFailed(exchange: Exchange, failure: SubgraphFailure): void {
    exchange.ticket.failed(failure);
    this.#lastFailure = failure;
    // The other of two requests may still be answered.
    if (this.#exchanges.length > 0) return;
    const { retries } = this.options.settings;
    const waitMs = backOffMs(this.#tries, retries);
    if (!this.#mayTryAgain(failure, waitMs)) return void this.#fail(failure);
    this.#control.retried(this, failure);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#try(exchange.instance), waitMs);
  }

  #mayTryAgain(failure: SubgraphFailure, waitMs: number): boolean {
    const { isQuery, settings, target } = this.options;
    return (
      isQuery &&
      this.#passengers.length > 0 &&
      this.#tries <= settings.retries.max &&
      isWorthAnotherTry(failure) &&
      performance.now() + waitMs < this.startedAt + settings.totalMs &&
      target.budget.spend()
    );
  }

  #hedgeLater(): void {
    const { target, settings } = this.options;
    const usualMs = target.latencies.quantile(settings.hedging.quantile);
    if (usualMs === undefined) return;
    const hedge = () => {
      const [first] = this.#exchanges;
      if (!first || !target.budget.spend()) return;
      const admission = target.choose(first.instance);
      if (!admission) return;
      this.#control.hedged(this);
      this.#send(admission);
    };
    this.#timer = setTimeout(hedge, Math.max(usualMs, settings.hedging.minMs));
  }

  #fail(failure: SubgraphFailure): void {
    for (const passenger of this.#end(failure)) passenger.reject(failure);
  }

  /** Returns who is to be told. */
  #end(reason: Error): readonly Passenger[] {
    if (this.#ended) return [];
    this.#ended = true;
    this.#control.watch.delete(this);
    this.#control.ended(this);
    clearTimeout(this.#timer);
    for (const exchange of this.#exchanges) {
      exchange.instance.outstanding -= 1;
      exchange.ticket.abandoned();
      exchange.cancel(reason);
    }
    this.#exchanges = [];
    const passengers = this.#passengers;
    this.#passengers = [];
    return passengers;
  }
}

const BREAKER_OPEN = 'the subgraph has failed again and again and is left alone for a while';
const GONE = new SubgraphFailure('gone', 'nobody waits for the answer any more');
const ANSWERED = new Error('another request was answered first');
