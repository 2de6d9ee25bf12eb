/**
 * Keeps fetches away from an instance that fails again and again: after so many failures in a row it is left alone for a
 * while, then one fetch tries whether it is back.
 *
 * The states are those of cockatiel's circuit breaker. Outcomes are told to it rather than run inside it: while nothing
 * fails, a fetch costs no more than a look at the state. A fetch that comes while another one is trying is refused, not
 * made to wait for it.
 */
import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleAll } from 'cockatiel';
import type { BreakerState } from '../subgraph-client.ts';

/** To be told how the fetch that it was given for ended. */
export interface Ticket {
  /** The fetch that decides whether the instance is back: it must be seen through, whoever leaves meanwhile. */
  readonly trial: boolean;
  succeeded(): void;
  failed(reason: Error): void;
  /** It was given up, so nobody knows. Without news a trial has failed. */
  abandoned(): void;
}

export interface Breaker {
  readonly state: BreakerState;
  /** Undefined: the instance is to be left alone. */
  admit(): Ticket | undefined;
  /** For a check that is made whatever the state: its success closes the breaker. */
  readonly revival: Ticket;
}

export interface BreakerOptions {
  /** In a row. */
  readonly failures: number;
  /** How long an instance is left alone. */
  readonly openMs: number;
  readonly onChange: (state: BreakerState) => void;
}

export function createBreaker({ failures, openMs, onChange }: BreakerOptions): Breaker {
  const closed = () => {
    const created = circuitBreaker(handleAll, { halfOpenAfter: openMs, breaker: new ConsecutiveBreaker(failures) });
    created.onStateChange((state) => created === policy && onChange(NAMES[state]));
    return created;
  };
  let policy = closed();
  let failing = false;
  let trying = false;

  const tell = (outcome: () => void): void => {
    // One that began before the breaker opened says nothing about the time since.
    if (policy.state === CircuitState.Closed) policy.execute(outcome).catch(() => {});
  };
  const ordinary: Ticket = {
    trial: false,
    succeeded() {
      if (!failing) return;
      failing = false;
      tell(() => {});
    },
    failed(reason) {
      failing = true;
      tell(() => {
        throw reason;
      });
    },
    abandoned() {},
  };
  const revival: Ticket = {
    trial: true,
    succeeded() {
      if (policy.state === CircuitState.Closed) return void ordinary.succeeded();
      failing = false;
      policy = closed();
      onChange('closed');
    },
    failed() {},
    abandoned() {},
  };

  /** The first fetch after the pause runs inside the breaker, which calls it before `execute` returns. */
  function tryAgain(): Ticket | undefined {
    let ticket: Ticket | undefined;
    const running = policy.execute(
      () =>
        new Promise<void>((succeeded, failed) => {
          trying = true;
          ticket = { trial: true, succeeded, failed, abandoned: () => failed(new Error('the trial was given up')) };
        }),
    );
    const done = () => {
      trying = false;
    };
    if (ticket) running.then(done, done);
    else running.catch(() => {});
    return ticket;
  }

  return {
    revival,
    get state() {
      return NAMES[policy.state];
    },
    admit() {
      if (policy.state === CircuitState.Closed) return ordinary;
      return trying ? undefined : tryAgain();
    },
  };
}

const NAMES: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Isolated]: 'open',
};
