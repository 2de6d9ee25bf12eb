/**
 * One address of a subgraph: its pool of kept-alive connections, its breaker, and how many fetches wait for it.
 */
import { Pool } from 'undici';
import type { SubgraphsPolicy } from '../../config.ts';
import type { BreakerState, InstanceState } from '../subgraph-client.ts';
import { type Breaker, createBreaker } from './breaker.ts';

export interface InstanceOptions {
  readonly subgraph: string;
  readonly url: string;
  readonly settings: SubgraphsPolicy;
  readonly onBreaker: (instance: InstanceState, state: BreakerState) => void;
}

export class Instance implements InstanceState {
  readonly subgraph: string;
  readonly address: string;
  readonly path: string;
  readonly pool: Pool;
  readonly #breaker: Breaker;
  healthy = true;
  outstanding = 0;
  /** Counts up over all choices: the lower, the longer ago. */
  lastChosen = 0;

  constructor({ subgraph, url, settings, onBreaker }: InstanceOptions) {
    const { origin, pathname, search, protocol } = new URL(url);
    const { connections, connectMs, keepAliveMs, http2, breaker } = settings;
    this.subgraph = subgraph;
    this.address = url;
    this.path = pathname + search;
    this.pool = new Pool(origin, {
      connections,
      // More than one request at a time is for HTTP/2: over HTTP/1.1 a slow answer would hold up those behind it.
      pipelining: http2 ? 100 : 1,
      keepAliveTimeout: keepAliveMs,
      connect: { timeout: connectMs },
      allowH2: http2,
      // Without TLS there is nothing to negotiate with: the subgraph must be known to speak it.
      ...(http2 && protocol === 'http:' && { useH2c: true }),
    });
    this.#breaker = createBreaker({ ...breaker, onChange: (state) => onBreaker(this, state) });
  }

  get breaker(): BreakerState {
    return this.#breaker.state;
  }

  /** Undefined: the breaker leaves the instance alone. */
  admit() {
    return this.#breaker.admit();
  }

  /** For a check whose success closes the breaker. */
  get revival() {
    return this.#breaker.revival;
  }
}
