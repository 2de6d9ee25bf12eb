/**
 * What stops a move or a change of the shard map, in words for the operator.
 */
export class ShardsError extends Error {
  override readonly name = 'ShardsError';
}
