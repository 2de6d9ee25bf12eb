/**
 * Queries under way, so that an equal one of the same caller can wait for the same answer.
 */
import type { Passenger } from './passenger.ts';
import type { CallerKey } from './request-headers.ts';

/** What of a flight those who look for one need to know. */
export interface OpenFlight {
  readonly startedAt: number;
  readonly options: { readonly caller: CallerKey; readonly request: string };
  board(passenger: Passenger): void;
}

export interface InFlight {
  /** An answer that began to be computed too long ago is none to wait for: the caller may know of something newer. */
  find(caller: CallerKey, request: string, now: number): OpenFlight | undefined;
  add(flight: OpenFlight): void;
  delete(flight: OpenFlight): void;
  /** Whoever asks after a mutation of theirs must not get an answer from before it. */
  forget(caller: CallerKey): void;
}

const SHARED_WITHIN_MS = 1_000;

export function createInFlight(): InFlight {
  const callers = new Map<CallerKey, Map<string, OpenFlight>>();
  return {
    find(caller, request, now) {
      const flight = callers.get(caller)?.get(request);
      return flight && now - flight.startedAt < SHARED_WITHIN_MS ? flight : undefined;
    },
    add(flight) {
      const { caller, request } = flight.options;
      const own = callers.get(caller);
      if (own) own.set(request, flight);
      else callers.set(caller, new Map([[request, flight]]));
    },
    delete(flight) {
      const { caller, request } = flight.options;
      const own = callers.get(caller);
      if (own?.get(request) !== flight) return;
      if (own.size > 1) own.delete(request);
      else callers.delete(caller);
    },
    forget: (caller) => void callers.delete(caller),
  };
}
