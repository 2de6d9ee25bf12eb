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
  /** Sorted set of the gateways that hold a socket of a person, and the channel on which it is told. */
  presence(userId: string): string;
  /** Channel of what people do at a lesson or a course right now. */
  signals(topic: string): string;
  /** Sorted set of what revokes access tokens, and the channel on which gateways hear of it. */
  revocations(): string;
  /** A counter or bucket of a rate limit. */
  limit(name: string, subject: string): string;
  /** Sorted set of the learners of a course by their score in a period. In braces: all boards of a course lie on one node. */
  leaderboard(courseId: string, period: string): string;
  /** Held by the one who fills a board again. */
  leaderboardLock(courseId: string, period: string): string;
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
    presence: (userId) => `${prefix}:presence:${userId}`,
    signals: (topic) => `${prefix}:signals:${topic}`,
    revocations: () => `${prefix}:revocations`,
    limit: (name, subject) => `${prefix}:limit:${name}:${subject}`,
    leaderboard: (courseId, period) => `${prefix}:leaderboard:{${courseId}}:${period}`,
    leaderboardLock: (courseId, period) => `${prefix}:leaderboard-lock:{${courseId}}:${period}`,
    supergraph: () => `${prefix}:supergraph`,
    cancellations: () => `${prefix}:cancellations`,
    queuePrefix: () => `${prefix}:queue`,
  };
}
