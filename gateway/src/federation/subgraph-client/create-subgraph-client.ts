/**
 * Speaks GraphQL over HTTP to subgraphs, on bounded pools of kept-alive connections.
 *
 * Every request carries signed claims: subgraphs answer nobody else. Time and size of an answer are bounded. Equal queries
 * of one caller that are under way at the same time are sent once, and each gets an answer of its own. What is no GraphQL
 * answer is thrown as SUBGRAPH_UNAVAILABLE with its cause. docs/adr/0013 says why it is built as it is.
 */
import type { Live, Logger } from '@lyceum/service-kit';
import type { SubgraphsPolicy } from '../../config.ts';
import type { OperationScope } from '../../operation-scope.ts';
import type { BreakerState, InstanceState, SubgraphClient, SubgraphRequest } from '../subgraph-client.ts';
import { compress } from './compression.ts';
import { Flight, type FlightControl } from './flight.ts';
import { Passenger } from './passenger.ts';
import { pingInstance } from './ping-instance.ts';
import { callerKey, createHeaderWriter } from './request-headers.ts';
import { failureOf } from './subgraph-failure.ts';
import { type Admission, Target } from './target.ts';
import { createWatch } from './watch.ts';

/** Told what becomes of fetches, for metrics. */
export interface SubgraphClientEvents {
  shared(subgraph: string): void;
  retried(subgraph: string, reason: string): void;
  hedged(subgraph: string): void;
}

export interface SubgraphClientOptions {
  readonly policy: Live<{ readonly subgraphs: SubgraphsPolicy }>;
  readonly claimsSecret: string;
  readonly log: Logger;
  readonly events?: SubgraphClientEvents;
}

/** Addresses that a supergraph no longer names are closed when they have not been asked for so long. */
const UNUSED_MS = 300_000;

export function createSubgraphClient({ policy, claimsSecret, log, events }: SubgraphClientOptions): SubgraphClient {
  const targets = new Map<string, Target>();
  const writeHeaders = createHeaderWriter(claimsSecret);
  const watch = createWatch();

  const control: FlightControl = {
    watch,
    retried: ({ options: { target } }, { kind }) => events?.retried(target.subgraph, kind),
    hedged: ({ options: { target } }) => events?.hedged(target.subgraph),
    ended(flight) {
      const { target, caller, isQuery } = flight.options;
      if (isQuery) target.inFlight.delete(flight);
      else for (const each of targets.values()) each.inFlight.forget(caller);
    },
  };

  function openTarget(subgraph: string, url: string): Target {
    closeUnused();
    const settings = policy.current.subgraphs;
    const onBreaker = ({ address }: InstanceState, state: BreakerState) =>
      log[state === 'open' ? 'warn' : 'info']({ subgraph, address, state }, 'breaker changed its state');
    const ping = (admission: Admission) => {
      const headers = writeHeaders(
        { requestId: 'health-check', viewer: null, signal: NEVER },
        policy.current.subgraphs,
      );
      return pingInstance(admission, headers, policy.current.subgraphs);
    };
    const target = new Target({ subgraph, url, settings, onBreaker, ping });
    targets.set(url, target);
    return target;
  }

  function closeUnused(): void {
    const before = performance.now() - UNUSED_MS;
    for (const [url, target] of targets) {
      if (target.lastUsed > before || target.outstanding > 0) continue;
      targets.delete(url);
      void target.close();
    }
  }

  function fetch(
    subgraph: string,
    url: string,
    asked: SubgraphRequest,
    scope: OperationScope,
    passenger: Passenger,
  ): void {
    const target = targets.get(url) ?? openTarget(subgraph, url);
    const settings = policy.current.subgraphs;
    const isQuery = asked.kind === 'query';
    const isShared = isQuery && settings.deduplicate;
    const request = asked.body ?? bodyOf(asked);
    const caller = callerKey(scope, settings.propagateHeaders);
    const now = performance.now();
    target.lastUsed = now;

    // Who must see what was committed shares with nobody who need not.
    const equal = scope.positions === undefined ? request : `${scope.positions}\n${request}`;
    const underWay = isShared ? target.inFlight.find(caller, equal, now) : undefined;
    if (underWay) {
      events?.shared(subgraph);
      return void underWay.board(passenger);
    }
    const takeOff = (headers: string[], body: string | Buffer) => {
      const options = { target, isQuery, caller, request: equal, headers, body, settings };
      const flight = new Flight(options, control, passenger, now);
      if (isShared) target.inFlight.add(flight);
      flight.start();
    };
    const headers = writeHeaders(scope, settings);
    if (!isCompressed(subgraph, request, settings)) return void takeOff(headers, request);
    headers.push('content-encoding', 'gzip');
    compress(request).then(
      (body) => takeOff(headers, body),
      (error) => passenger.reject(failureOf(error)),
    );
  }

  return {
    send: (subgraph, url, request, scope) =>
      new Promise((resolve, reject) => fetch(subgraph, url, request, scope, new Passenger(scope, resolve, reject))),
    answers(subgraph, url) {
      const target = targets.get(url) ?? openTarget(subgraph, url);
      target.lastUsed = performance.now();
      return target.answers();
    },
    states: () => [...targets.values()].flatMap(({ instances }) => instances),
    async close() {
      await Promise.all([...targets.values()].map((target) => target.close()));
      watch.close();
    },
  };
}

function bodyOf({ query, operationName, variables }: SubgraphRequest): string {
  return JSON.stringify({ query, operationName, variables });
}

function isCompressed(subgraph: string, body: string, { compression }: SubgraphsPolicy): boolean {
  return body.length >= compression.minRequestBytes && compression.requestsTo.includes(subgraph);
}

const NEVER = new AbortController().signal;
