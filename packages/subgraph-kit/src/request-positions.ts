/**
 * What one request must not read older than, and what it has committed itself.
 *
 * A service hands it to its database sessions. What they commit goes back to the gateway, which tells every subgraph that
 * it asks later for the same operation.
 */
import { advancePosition, type Positions, writePositions } from '@lyceum/contracts';

export class RequestPositions {
  /** Told by the gateway, or by the event. */
  readonly known: Positions;
  #committed: Record<string, string> | undefined;

  constructor(known: Positions = NONE) {
    this.known = known;
  }

  /** A session has committed up to here. */
  committed(place: string, position: string): void {
    this.#committed ??= {};
    advancePosition(this.#committed, place, position);
  }

  /** As it travels; undefined if nothing was committed. */
  get answer(): string | undefined {
    return this.#committed && writePositions(this.#committed);
  }
}

const NONE: Positions = Object.freeze({});
