/**
 * Where the text of a supergraph comes from. A source reads and says when to read again; it builds and decides nothing.
 */
export interface SupergraphSource {
  /** For logs, health and metrics. */
  readonly kind: 'file' | 'url' | 'redis';
  /** Null if this source has none. Throws when the source cannot be asked. Bounded in time. */
  read(): Promise<string | null>;
  /** Calls back when there may be another text; now and then without reason. */
  watch(changed: () => void): void;
  close(): unknown;
}
