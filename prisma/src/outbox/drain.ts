/**
 * One drain of a database's outbox: takes a few lanes that nobody else sends from, hands their messages out in order,
 * and deletes in the same transaction what was sent.
 *
 * The locks of the lanes and the messages are held until the commit. If the process dies before it, everything is there
 * again for the next drain: nothing is lost, something may be sent twice under the same id. A message that was refused
 * waits, and with it what is behind it under its key; other keys of its lane go on. After `MAX_TRIES` it is moved to the
 * dead letters. The tries are counted in its row, so they survive whoever counted.
 */
import type pg from 'pg';
import type { Domain } from '../domain.ts';
import { mapPlace, positionOfVersion, toPosition } from '../routing/position.ts';

/** A transaction idles while its messages are sent: a relay that takes longer has its lanes taken away. */
export const DRAIN_TIMEOUT_MS = 15_000;
/** Also behind a pooler, where a connection has no limits of its own. */
const BEGIN = `BEGIN; SET LOCAL statement_timeout = ${DRAIN_TIMEOUT_MS};
  SET LOCAL idle_in_transaction_session_timeout = ${DRAIN_TIMEOUT_MS}`;
/** A drain leaves the other lanes to others. */
const LANES_AT_ONCE = 4;
/** At most so many are sent again after a crash: subscribers that come back look at no more for what they have heard. */
const MESSAGES_PER_LANE = 100;
const MAX_TRIES = 8;
/** All tries together take about ten seconds. */
const RETRY = { baseMs: 50, maxMs: 5_000 };
const REASON_LENGTH = 1_000;

export interface OutboxRow {
  readonly id: string;
  readonly kind: 'event' | 'job';
  readonly name: string;
  readonly version: number;
  readonly key: string;
  readonly payload: unknown;
  /** Of an event. */
  readonly delivery: 'live' | 'log' | null;
  /** Of a job. */
  readonly queue: string | null;
  /** RFC 3339, UTC. */
  readonly occurredAt: string;
}

export interface RefusedMessage {
  readonly id: string;
  readonly reason: string;
}

/** What became of the rows. Those in neither list wait, and are no nearer to the dead letters. */
export interface SendOutcome {
  /** Ids. */
  readonly sent: readonly string[];
  /** By a receiver that is well. */
  readonly refused: readonly RefusedMessage[];
}

/** Rows of one name and key must be sent one after the other, as they stand; a throw sends all of them again. */
export type SendMessages<O extends SendOutcome> = (
  rows: readonly OutboxRow[],
  positions: Readonly<Record<string, string>>,
) => Promise<O>;

export type DeadMessage = Pick<OutboxRow, 'id' | 'name' | 'key'> & { readonly reason: string };

export interface DrainResult<O extends SendOutcome> {
  /** False if nothing was due, or others send from every lane in which something was. */
  readonly claimed: boolean;
  /** What `send` returned; undefined if it was not called. */
  readonly outcome: O | undefined;
  /** Moved to the dead letters. */
  readonly dead: readonly DeadMessage[];
}

const IS_DUE = `NOT EXISTS (
  SELECT FROM outbox_message refused WHERE refused.next_try_at > now()
    AND refused.lane = message.lane AND refused.name = message.name AND refused.key = message.key)`;

const IS_ANY_DUE = `SELECT EXISTS (SELECT FROM outbox_message message WHERE ${IS_DUE}) AS due`;

/** Those that have waited longest first. The limit within keeps Postgres from reading a lane to its end. */
const CLAIM_LANES = `SELECT lane FROM outbox_lane
  WHERE (SELECT true FROM outbox_message message WHERE message.lane = outbox_lane.lane AND ${IS_DUE} ORDER BY seq LIMIT 1)
  ORDER BY served_at, lane LIMIT ${LANES_AT_ONCE} FOR UPDATE SKIP LOCKED`;

/**
 * A statement of its own, behind the locks: it sees what others deleted before they let the lanes go. The position covers
 * each of the rows and nothing that is not flushed, such as the locks: no replica could reach that before this commits.
 */
const READ_MESSAGES = `SELECT message.*, (SELECT CASE current_setting('synchronous_commit')
    WHEN 'off' THEN pg_current_wal_insert_lsn() ELSE pg_current_wal_flush_lsn() END)::text AS position,
    (SELECT version FROM shard_map WHERE version > 1 AND changed_at > now() - interval '10 minutes') AS "newMap"
  FROM unnest($1::integer[]) AS claimed (lane) CROSS JOIN LATERAL (
    SELECT id, kind, name, version, key, payload, delivery, queue, occurred_at, seq FROM outbox_message message
    WHERE message.lane = claimed.lane AND ${IS_DUE} ORDER BY seq LIMIT ${MESSAGES_PER_LANE}) message
  ORDER BY seq`;

const FINISH = `WITH sent AS (DELETE FROM outbox_message WHERE id = ANY($1::uuid[]))
  UPDATE outbox_lane SET served_at = clock_timestamp() WHERE lane = ANY($2::integer[])`;

const BURY = `WITH dead AS (DELETE FROM outbox_message WHERE id = ANY($1::uuid[]) AND tries + 1 >= ${MAX_TRIES} RETURNING *)
  INSERT INTO outbox_dead_letter
    (id, seq, kind, name, version, key, payload, delivery, queue, occurred_at, tries, reason)
  SELECT id, seq, kind, name, version, key, payload, delivery, queue, occurred_at, tries + 1, reason
  FROM dead JOIN unnest($1::uuid[], $2::text[]) AS refused (id, reason) USING (id)
  RETURNING id, name, key, reason`;

const POSTPONE = `UPDATE outbox_message SET tries = tries + 1, next_try_at = clock_timestamp()
    + (1 + random()) / 2 * least(${RETRY.maxMs}, ${RETRY.baseMs} * 2 ^ (tries + 1)) * interval '1 millisecond'
  WHERE id = ANY($1::uuid[])`;

type StoredRow = Omit<OutboxRow, 'occurredAt'> & {
  occurred_at: Date;
  seq: string;
  position: string;
  newMap: number | null;
};

/** Where an outbox is, as positions name it. */
export interface OutboxPlace {
  readonly domain: Domain;
  readonly shard: string;
}

/** Throws what `send` throws, and then nothing has changed. */
export async function drainOutbox<O extends SendOutcome>(
  pool: pg.Pool,
  place: OutboxPlace,
  send: SendMessages<O>,
): Promise<DrainResult<O>> {
  const { rows } = await pool.query<{ due: boolean }>(IS_ANY_DUE);
  if (!rows[0]!.due) return { claimed: false, outcome: undefined, dead: [] };
  const client = await pool.connect();
  let broken: Error | undefined;
  const onLost = (err: Error) => {
    broken = err;
  };
  // The connection may be lost while its transaction waits for what is sent.
  client.on('error', onLost);
  try {
    await client.query(BEGIN);
    const result = await drainLanes(client, place, send);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(onLost);
    throw error;
  } finally {
    client.off('error', onLost);
    client.release(broken);
  }
}

async function drainLanes<O extends SendOutcome>(
  client: pg.PoolClient,
  place: OutboxPlace,
  send: SendMessages<O>,
): Promise<DrainResult<O>> {
  const claimed = await client.query<{ lane: number }>(CLAIM_LANES);
  if (claimed.rows.length === 0) return { claimed: false, outcome: undefined, dead: [] };
  const lanes = claimed.rows.map(({ lane }) => lane);
  const { rows } = await client.query<StoredRow>(READ_MESSAGES, [lanes]);
  const messages = rows.map(
    ({ occurred_at, seq, position, newMap, ...row }): OutboxRow => ({ ...row, occurredAt: occurred_at.toISOString() }),
  );
  const outcome = rows[0] && (await send(messages, positionsOf(place, rows[0])));
  const dead = outcome ? await settleRefused(client, outcome.refused) : [];
  await client.query(FINISH, [outcome?.sent ?? [], lanes]);
  return { claimed: true, outcome, dead };
}

/** With the shard map while processes may go by an older one: who hears of the event must not look at the old place. */
function positionsOf({ domain, shard }: OutboxPlace, { position, newMap }: StoredRow): Record<string, string> {
  const positions = { [`${domain}/${shard}`]: toPosition(position) };
  if (newMap !== null) positions[mapPlace(domain)] = positionOfVersion(newMap);
  return positions;
}

async function settleRefused(client: pg.PoolClient, refused: readonly RefusedMessage[]): Promise<DeadMessage[]> {
  if (refused.length === 0) return [];
  const ids = refused.map(({ id }) => id);
  // Postgres stores every character but one.
  const reasons = refused.map(({ reason }) => reason.replaceAll('\0', '').slice(0, REASON_LENGTH));
  const { rows: dead } = await client.query<DeadMessage>(BURY, [ids, reasons]);
  await client.query(POSTPONE, [ids]);
  return dead;
}
