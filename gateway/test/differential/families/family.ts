/**
 * What a family is: subgraphs written by hand that compose, and what is odd about their data.
 */
export interface Family {
  readonly name: string;
  /** SDL per subgraph, without the link to Federation, which all of them get. */
  readonly subgraphs: Readonly<Record<string, string>>;
  /**
   * Entity type → subgraphs that do not know one of its entities, although others refer to it. Every subgraph that can
   * only be reached through one of these must be named as well.
   */
  readonly dangling?: Readonly<Record<string, readonly string[]>>;
  /** `Type.field` of a key that may be null → subgraphs that can be reached by that key alone. */
  readonly nullKeys?: Readonly<Record<string, readonly string[]>>;
}
