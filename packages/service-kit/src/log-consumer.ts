/**
 * Reads a `log` event as a member of a consumer group: every entry is handled by one member at least once.
 *
 * An entry is acknowledged after `handle` returned. One that fails is tried again in place, with back-off, so that a
 * later entry never overtakes it here; after 10 tries (crashes count) it moves to the group's dead letters. Entries of
 * a member that died are taken over after `claimIdleMs`. Survives a restart of Redis, with or without its data.
 */
import type { EventDefinition, EventEnvelope, PayloadOf } from '@lyceum/contracts';
import type { Redis } from 'ioredis';
import { parseEntry } from './events.ts';
import type { Logger } from './logger.ts';
import type { RedisKeys } from './redis-keys.ts';
import { backOffMs, sleep } from './retry.ts';

export interface LogConsumerOptions<E extends EventDefinition> {
  /** Of role `worker`, used by nothing else: its reads block. */
  readonly redis: Redis;
  readonly keys: RedisKeys;
  readonly event: E;
  readonly group: string;
  /** Unique among the group's living members; the same after a restart if possible. */
  readonly consumer: string;
  readonly log: Logger;
  /** Must be safe to run twice for one envelope. */
  handle(envelope: EventEnvelope<PayloadOf<E>>): Promise<void>;
  /** After this long without a sign of life another member takes an entry over. Default 30 s. */
  readonly claimIdleMs?: number;
  /** The longest wait between two tries of an entry. Default 15 s. */
  readonly maxBackOffMs?: number;
}

export interface LogConsumer {
  /** Finishes the entry at hand, then stops; waits for nothing while Redis is away. Leaves the connection open. */
  stop(): Promise<void>;
}

type Entry = readonly [id: string, fields: readonly string[] | null];
type StreamReply = readonly (readonly [stream: string, entries: readonly Entry[]])[] | null;

const MAX_TRIES = 10;
const BLOCK_MS = 1_000;

export function consumeLog<E extends EventDefinition>(options: LogConsumerOptions<E>): LogConsumer {
  const stopping = new AbortController();
  const log = options.log.child({ event: options.event.name, group: options.group, consumer: options.consumer });
  const running = run({ ...options, log }, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      if (options.redis.status === 'ready') await running;
    },
  };
}

async function run<E extends EventDefinition>(o: LogConsumerOptions<E>, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; ) {
    try {
      await createGroup(o);
      await finishOwn(o, signal);
      while (!signal.aborted) {
        await takeOver(o, signal);
        const entry = await readNext(o);
        failures = 0;
        if (entry !== undefined) await settle(o, entry, 1, signal);
      }
    } catch (err) {
      if (signal.aborted) return;
      failures += 1;
      // A restart of Redis without its data also took the group: the next round makes it again.
      if (failures === 1) o.log.warn({ err }, 'log cannot be read, trying again');
      await sleep(backOffMs(failures, { baseMs: 50, maxMs: 2_000 }), signal);
    }
  }
}

async function createGroup({ redis, keys, event, group }: LogConsumerOptions<EventDefinition>): Promise<void> {
  try {
    await redis.xgroup('CREATE', keys.logStream(event.name), group, '0', 'MKSTREAM');
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('BUSYGROUP'))) throw error;
  }
}

/** What this member had read and not acknowledged when it died. */
async function finishOwn<E extends EventDefinition>(o: LogConsumerOptions<E>, signal: AbortSignal): Promise<void> {
  const stream = o.keys.logStream(o.event.name);
  while (!signal.aborted) {
    const reply = (await o.redis.xreadgroup(
      'GROUP',
      o.group,
      o.consumer,
      'COUNT',
      1,
      'STREAMS',
      stream,
      '0',
    )) as StreamReply;
    const entry = reply?.[0]?.[1][0];
    if (entry === undefined) return;
    const tries = (await deliveries(o, entry[0])) + 1;
    await hold(o, entry[0], tries);
    await settle(o, entry, tries, signal);
  }
}

/** What members that died had read and not acknowledged. */
async function takeOver<E extends EventDefinition>(o: LogConsumerOptions<E>, signal: AbortSignal): Promise<void> {
  const { redis, keys, event, group, consumer, claimIdleMs = 30_000 } = o;
  while (!signal.aborted) {
    const reply = await redis.xautoclaim(keys.logStream(event.name), group, consumer, claimIdleMs, '0-0', 'COUNT', 1);
    const entry = (reply as [string, Entry[]])[1][0];
    if (entry === undefined) return;
    o.log.info({ entry: entry[0] }, 'entry taken over');
    await settle(o, entry, await deliveries(o, entry[0]), signal);
  }
}

async function readNext(o: LogConsumerOptions<EventDefinition>): Promise<Entry | undefined> {
  const reply = (await o.redis.xreadgroup(
    'GROUP',
    o.group,
    o.consumer,
    'COUNT',
    1,
    'BLOCK',
    BLOCK_MS,
    'STREAMS',
    o.keys.logStream(o.event.name),
    '>',
  )) as StreamReply;
  return reply?.[0]?.[1][0];
}

async function deliveries(o: LogConsumerOptions<EventDefinition>, id: string): Promise<number> {
  const rows = (await o.redis.xpending(o.keys.logStream(o.event.name), o.group, id, id, 1)) as [
    string,
    string,
    number,
    number,
  ][];
  return rows[0]?.[3] ?? 1;
}

/** Still ours: resets the idle time, so that no other member takes it over, and records which try begins now. */
async function hold(o: LogConsumerOptions<EventDefinition>, id: string, tries: number): Promise<void> {
  const stream = o.keys.logStream(o.event.name);
  await o.redis.xclaim(stream, o.group, o.consumer, 0, id, 'RETRYCOUNT', tries, 'JUSTID');
}

/** Tries an entry until it is handled, given up, or the consumer stops; `tries` counts the one that begins now. */
async function settle<E extends EventDefinition>(
  o: LogConsumerOptions<E>,
  [id, fields]: Entry,
  tries: number,
  signal: AbortSignal,
): Promise<void> {
  const { redis, keys, event, group, log } = o;
  const stream = keys.logStream(event.name);
  // Trimmed away while it was pending: there is nothing left to handle.
  if (fields === null) return void (await redis.xack(stream, group, id));

  let envelope: EventEnvelope<PayloadOf<E>>;
  try {
    envelope = parseEntry(event, fields);
  } catch (error) {
    return await giveUp(o, id, fields, error);
  }
  let last: unknown = new Error('The process ended while handling the entry');
  for (let attempt = tries; attempt <= MAX_TRIES; attempt += 1) {
    try {
      await o.handle(envelope);
      await redis.xack(stream, group, id);
      return;
    } catch (err) {
      last = err;
      log.warn({ err, entry: id, eventId: envelope.id, attempt }, 'event was not handled');
    }
    if (attempt === MAX_TRIES) break;
    await sleep(backOffMs(attempt, { baseMs: 50, maxMs: o.maxBackOffMs ?? 15_000 }), signal);
    if (signal.aborted) return;
    await hold(o, id, attempt + 1);
  }
  await giveUp(o, id, fields, last);
}

async function giveUp(
  { redis, keys, event, group, log }: LogConsumerOptions<EventDefinition>,
  id: string,
  fields: readonly string[],
  err: unknown,
): Promise<void> {
  const reason = err instanceof Error ? err.message : String(err);
  await redis.xadd(
    keys.deadLetters(event.name, group),
    'MAXLEN',
    '~',
    10_000,
    '*',
    ...fields,
    'entry',
    id,
    'reason',
    reason.slice(0, 1_000),
  );
  await redis.xack(keys.logStream(event.name), group, id);
  log.error({ err, entry: id }, 'event moved to the dead letters');
}
