/**
 * What the engine may ask of subgraphs, and what it gets: the contract of `subgraph-client/`.
 */
import type { ExecutionResult, GraphQLFormattedError } from 'graphql';
import type { OperationScope } from '../operation-scope.ts';

export interface SubgraphRequest {
  readonly query: string;
  readonly operationName?: string;
  readonly variables?: Record<string, unknown>;
  /** The whole request as JSON text, where it is written already. */
  readonly body?: string;
  /** What is not known to be a query is sent once, whatever happens. */
  readonly kind?: 'query' | 'mutation' | 'subscription';
}
export interface SubgraphResponse {
  readonly data?: ExecutionResult['data'];
  readonly errors?: readonly GraphQLFormattedError[];
  readonly extensions?: Readonly<Record<string, unknown>>;
  /** What the fetch has committed, as the subgraph told it; absent for nothing. Later fetches of the operation are told. */
  readonly positions?: string;
}

/** Asks a subgraph. May throw; a LyceumError keeps its code. The answer is the engine's to change. */
export type FetchFromSubgraph = (
  subgraph: string,
  url: string,
  request: SubgraphRequest,
  scope: OperationScope,
) => Promise<SubgraphResponse>;

export interface SubgraphClient {
  /** `url` may be a list of addresses, parted by commas. Throws SUBGRAPH_UNAVAILABLE, with the reason as its cause. */
  send: FetchFromSubgraph;
  /** Whether the subgraph answers at all. Asks although a breaker is open, and closes that of an address that answers. */
  answers(subgraph: string, url: string): Promise<boolean>;
  /** For operators: every address that has been asked. */
  states(): readonly InstanceState[];
  close(): Promise<void>;
}

export interface InstanceState {
  readonly subgraph: string;
  readonly address: string;
  readonly breaker: BreakerState;
  /** False after a health check that failed; only subgraphs with several addresses are checked. */
  readonly healthy: boolean;
  /** Fetches that wait for an answer. */
  readonly outstanding: number;
}

export type BreakerState = 'closed' | 'open' | 'half-open';
