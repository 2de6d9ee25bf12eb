/**
 * How positions in write-ahead logs travel beside requests, answers and events between the gateway and subgraphs.
 *
 * A position is text (`XXXXXXXX/YYYYYYYY`, hexadecimal) that compares as text; its place is `domain/name`, and what places
 * there are is not known here. Whoever is told positions reads nothing older; what is no position is as good as not said.
 */

/** By place. */
export type Positions = Readonly<Record<string, string>>;

/**
 * In a request of the gateway: what must not be read older. In an answer of a subgraph: what the request has committed.
 * Believed beside valid claims only; never taken from clients and never shown to them.
 */
export const POSITIONS_HEADER = 'lyceum-positions';

const MAX_PLACES = 64;
const MAX_LENGTH = 6_000;
const ENTRY = /^([a-z][a-z0-9_-]{0,31}\/[a-z][a-z0-9_-]{0,31})=([0-9A-F]{8}\/[0-9A-F]{8})$/;

/** Empty for no positions. */
export function writePositions(positions: Positions): string {
  return Object.entries(positions)
    .slice(0, MAX_PLACES)
    .map(([place, position]) => `${place}=${position}`)
    .join();
}

/** Leaves out what is no position, and everything if it is too long. */
export function readPositions(text: unknown): Record<string, string> {
  const positions: Record<string, string> = {};
  if (typeof text !== 'string' || text.length > MAX_LENGTH) return positions;
  for (const entry of text.split(',', MAX_PLACES)) {
    const [, place, position] = ENTRY.exec(entry) ?? [];
    if (place !== undefined && position !== undefined) advancePosition(positions, place, position);
  }
  return positions;
}

/** Of two texts, the later position of each place; undefined if there is none. */
export function joinPositions(known: string | undefined, told: unknown): string | undefined {
  if (known !== undefined && known === told) return known;
  const joined = readPositions(known);
  for (const [place, position] of Object.entries(readPositions(told))) advancePosition(joined, place, position);
  return writePositions(joined) || undefined;
}

/** Never moves back. */
export function advancePosition(positions: Record<string, string>, place: string, position: string): void {
  const before = positions[place];
  if (before === undefined || before < position) positions[place] = position;
}
