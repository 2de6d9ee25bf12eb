/**
 * Every key and channel in Redis is named here, so that two uses never meet and a tenant is one prefix.
 *
 * Ids and names never contain ':' except where a caller passes one on purpose in the last part.
 */
export interface RedisKeys {
  readonly prefix: string;
  /** Hash `domain/shard` → WAL position the viewer has written, 60 s. */
  positions(viewerId: string): string;
  /** Stream and wake-up channel of a `live` event of one ordering key. */
  liveStream(name: string, key: string): string;
  /** Stream and wake-up channel of a `log` event, all keys. */
  logStream(name: string): string;
  /** Stream of log entries that a consumer group gave up on. */
  deadLetters(name: string, group: string): string;
  /** A session's refresh state. */
  refresh(sessionId: string): string;
  /** Sorted set of what revokes access tokens, and the channel on which gateways hear of it. */
  revocations(): string;
  /** A counter or bucket of a rate limit. */
  limit(name: string, subject: string): string;
  /** Hash of the published supergraph, and its wake-up channel. */
  supergraph(): string;
  /** Channel on which workers hear that a job was cancelled. */
  cancellations(): string;
  /** The `prefix` option of every BullMQ queue and worker. */
  queuePrefix(): string;
}

export function createRedisKeys(prefix: string): RedisKeys {
  return {
    prefix,
    positions: (viewerId) => `${prefix}:positions:${viewerId}`,
    liveStream: (name, key) => `${prefix}:events:${name}:${key}`,
    logStream: (name) => `${prefix}:events:${name}`,
    deadLetters: (name, group) => `${prefix}:dead-letters:${name}:${group}`,
    refresh: (sessionId) => `${prefix}:refresh:${sessionId}`,
    revocations: () => `${prefix}:revocations`,
    limit: (name, subject) => `${prefix}:limit:${name}:${subject}`,
    supergraph: () => `${prefix}:supergraph`,
    cancellations: () => `${prefix}:cancellations`,
    queuePrefix: () => `${prefix}:queue`,
  };
}
