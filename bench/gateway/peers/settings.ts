/**
 * What the bench tells a peer: the one argument of its process, as JSON.
 */
import type { SubgraphUrls } from '../graph/contracts.ts';

export interface PeerSettings {
  readonly port: number;
  readonly supergraphFile: string;
  /** What clients see, as SDL. */
  readonly publicFile: string;
  readonly urls: SubgraphUrls;
  /** Which of its ways of working is measured; each peer names its own. */
  readonly variant: string;
}

/** `More` is what one bench tells beside that, or differently. */
export function readSettings<More = object>(): Omit<PeerSettings, keyof More> & More {
  // The channel to the bench is a life-line: where it ends, so do we.
  process.once('disconnect', () => process.exit(0));
  return JSON.parse(process.argv[2] ?? '') as PeerSettings & More;
}
