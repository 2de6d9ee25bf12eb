/**
 * Who waits for the answer of a fetch. Each gets one of its own: the engine changes answers in place.
 */
import { LyceumError } from '@lyceum/service-kit';
import type { OperationScope } from '../../operation-scope.ts';
import type { SubgraphResponse } from '../subgraph-client.ts';
import type { SubgraphFailure } from './subgraph-failure.ts';

export class Passenger {
  readonly #scope: OperationScope;
  readonly #refuse: (error: LyceumError) => void;
  readonly resolve: (answer: SubgraphResponse) => void;

  constructor(
    scope: OperationScope,
    resolve: (answer: SubgraphResponse) => void,
    refuse: (error: LyceumError) => void,
  ) {
    this.#scope = scope;
    this.resolve = resolve;
    this.#refuse = refuse;
  }

  /** Whether it does not wait any more. */
  get gone(): boolean {
    return this.#scope.signal.aborted;
  }

  reject(cause: SubgraphFailure): void {
    this.#refuse(new LyceumError('SUBGRAPH_UNAVAILABLE', undefined, undefined, { cause }));
  }
}
