/**
 * A transaction on one connection of a pool, in as few round trips as its work allows.
 *
 * Statements are sent as they come, without waiting for those before (the pool's connections pipeline). So BEGIN travels
 * with the first statement, what leaves through the outbox is not waited for, and the position after the commit comes
 * with the answer to COMMIT. Prisma joins in only when the work uses one of its models.
 */
import type { Socket } from 'node:net';
import { withTimeout } from '@lyceum/service-kit';
import type pg from 'pg';
import { sqlStateOf } from '../connections/faults.ts';
import { TRANSACTION_MS } from '../connections/pools.ts';
import type { Domain } from '../domain.ts';
import { createOutboxWriter } from '../outbox/writer.ts';
import { endOfLastRecord, type Position } from '../routing/position.ts';
import type { PrismaClients, Tx } from '../types.ts';
import { lend } from './lent-connection.ts';
import { ROLLBACK_TIMEOUT_MS } from './pg-transaction.ts';
import { createRawSql, type Queryable, type RawSql } from './raw-sql.ts';
import { failureOf, isLoss } from './transaction-failure.ts';

const IN_FAILED_TRANSACTION = '25P02';
const COMMIT = 'COMMIT; SELECT pg_current_wal_insert_lsn()::text AS lsn';

export interface TransactionOptions<D extends Domain> {
  readonly pool: pg.Pool;
  readonly client: PrismaClients[D];
  /** SQL without parameters that runs right after BEGIN. If it fails, so does the transaction, with its error. */
  readonly first: string;
}

export interface Committed<T> {
  readonly result: T;
  /** At or past the commit. */
  readonly position: Position;
}

/**
 * What `work` throws rolls everything back. Throws TIMED_OUT without a connection in time, after 10 s, or if a statement
 * took too long, and SERVICE_UNAVAILABLE if the connection was lost. After any error nothing was written, unless it says
 * `outcome: 'unknown'` in its details.
 */
export async function inTransaction<D extends Domain, T>(
  { pool, client, first }: TransactionOptions<D>,
  work: (tx: Tx<D>) => Promise<T>,
): Promise<Committed<T>> {
  const connection = await connect(pool);
  const line = new Line(connection);
  const raw = createRawSql(line);
  const prisma = new PrismaPart(line, client);
  line.send(line.query({ text: `BEGIN; ${first}` }));
  const outbox = createOutboxWriter((statement) => line.send(raw.$executeRaw(statement)));
  const run = async () => {
    const result = await work(createTx(prisma, { ...heeded(raw), outbox }));
    await prisma.end();
    return result;
  };
  try {
    const result = await withTimeout(run(), TRANSACTION_MS, 'a transaction');
    const position = await line.commit();
    connection.release();
    return { result, position };
  } catch (error) {
    prisma.giveUp();
    const { loss, isCommitSent } = line;
    connection.release(await line.rollback());
    throw failureOf(line.reasonOf(error), { loss, isCommitSent });
  }
}

async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw failureOf(error, { loss: undefined, isCommitSent: false });
  }
}

/** What nobody waits for when it fails is no fault of the process: the transaction fails by it, or has failed before. */
function heeded({ $queryRaw, $executeRaw }: RawSql): RawSql {
  return {
    $queryRaw: (...statement) => heed($queryRaw(...statement)),
    $executeRaw: (...statement) => heed($executeRaw(...statement)),
  };
}

function heed<T>(answer: Promise<T>): Promise<T> {
  answer.catch(ignore);
  return answer;
}

/** The connection as the work sees it: open until the transaction ends, never after. */
class Line implements Queryable {
  readonly #connection: pg.PoolClient;
  readonly #sent: Promise<unknown>[] = [];
  #open = true;
  #loss: unknown;
  #firstFailure: unknown;
  #isCommitSent = false;
  #failure: unknown;

  constructor(connection: pg.PoolClient) {
    this.#connection = connection;
    connection.on('error', this.#onLoss);
  }

  readonly #onLoss = (error: Error) => {
    this.#loss ??= error;
  };

  /** Why the connection is of no more use, if it is known to be. */
  get loss(): unknown {
    return this.#loss;
  }

  get isCommitSent(): boolean {
    return this.#isCommitSent;
  }

  async query(statement: pg.QueryConfig): Promise<pg.QueryResult> {
    if (!this.#open) throw new Error('The transaction has ended: a statement came after it.');
    this.#gather();
    try {
      return await this.#connection.query(statement);
    } catch (error) {
      this.#firstFailure ??= error;
      if (isLoss(error)) this.#loss ??= error;
      throw error;
    }
  }

  get #stream(): Socket {
    return (this.#connection as unknown as { connection: { stream: Socket } }).connection.stream;
  }

  /** What is sent in one go travels in one packet. */
  #gather(): void {
    const stream = this.#stream;
    if (stream.writableCorked > 0) return;
    stream.cork();
    process.nextTick(() => stream.uncork());
  }

  /** Not waited for, but the transaction fails if it does. */
  send(statement: Promise<unknown>): void {
    this.#sent.push(
      statement.catch((error: unknown) => {
        // One that came behind another that failed knows no reason of its own.
        if (sqlStateOf(error) !== IN_FAILED_TRANSACTION) this.#failure ??= error;
      }),
    );
  }

  /** What was not waited for failed before what was, and what came behind a failure failed by it. */
  reasonOf(error: unknown): unknown {
    return this.#failure ?? (sqlStateOf(error) === IN_FAILED_TRANSACTION ? this.#firstFailure : error);
  }

  async commit(): Promise<Position> {
    this.#open = false;
    if (this.#loss) throw this.#loss;
    this.#gather();
    this.#isCommitSent = true;
    // Two results: of COMMIT, which has done its work before the second statement begins, and of that one.
    const ended = this.#connection.query(COMMIT) as unknown as Promise<
      [pg.QueryResult, pg.QueryResult<{ lsn: string }>]
    >;
    const [[committed, position]] = await Promise.all([ended, ...this.#sent]);
    if (committed.command !== 'COMMIT') {
      const cause = this.#firstFailure;
      throw new Error('A statement of the transaction failed, so that it was rolled back.', { cause });
    }
    this.#connection.removeListener('error', this.#onLoss);
    return endOfLastRecord(position.rows[0]!.lsn);
  }

  /** Resolves to whether the connection is of no more use: its server is gone, or at work for longer than we wait. */
  async rollback(): Promise<boolean> {
    this.#open = false;
    const rolledBack = this.#connection.query('ROLLBACK');
    const gone = await withTimeout(rolledBack, ROLLBACK_TIMEOUT_MS, 'a rollback').then(
      () => false,
      () => true,
    );
    // Ended in peace, it would wait for what is under way; whoever waits for the pool would wait with it.
    if (gone) this.#stream.destroy();
    else this.#connection.removeListener('error', this.#onLoss);
    return gone;
  }
}

const ignore = () => {};

type Models<D extends Domain> = Record<string, Record<string, (argument: unknown) => Promise<unknown>>> & Tx<D>;

/** Prisma's part of the transaction, begun with the first use of a model. */
class PrismaPart<D extends Domain> {
  readonly #line: Line;
  readonly #client: PrismaClients[D];
  readonly #over = Promise.withResolvers<void>();
  readonly #calls = new Set<Promise<unknown>>();
  #begun: Promise<Models<D>> | undefined;
  #ended: Promise<unknown> = Promise.resolve();

  constructor(line: Line, client: PrismaClients[D]) {
    this.#line = line;
    this.#client = client;
  }

  call(model: string, method: string, argument: unknown): Promise<unknown> {
    this.#begun ??= this.#begin();
    const answer = heed(this.#begun.then((models) => models[model]![method]!(argument)));
    this.#calls.add(answer);
    const forget = () => this.#calls.delete(answer);
    answer.then(forget, forget);
    return answer;
  }

  /** Also what the work did not wait for is a part of the transaction, which fails by it. */
  async end(): Promise<void> {
    while (this.#calls.size > 0) await Promise.all(this.#calls);
    this.giveUp();
    await this.#ended;
  }

  giveUp(): void {
    this.#over.resolve();
  }

  #begin(): Promise<Models<D>> {
    const { promise, resolve, reject } = Promise.withResolvers<Models<D>>();
    const client = this.#client as unknown as Transactor<Models<D>>;
    const work = async (models: Models<D>) => {
      resolve(models);
      await this.#over.promise;
    };
    // Longer than the transaction itself may take, which is the one that sees to the time.
    this.#ended = lend(this.#line, () => client.$transaction(work, { timeout: 2 * TRANSACTION_MS })).catch(reject);
    return promise;
  }
}

/** Prisma's client types differ per domain, but all of them run interactive transactions alike. */
interface Transactor<M> {
  $transaction(work: (models: M) => Promise<void>, options: { timeout: number }): Promise<void>;
}

function createTx<D extends Domain>(prisma: PrismaPart<D>, own: object): Tx<D> {
  return new Proxy(own, {
    get(target, key) {
      if (typeof key === 'symbol' || key === 'then') return undefined;
      return key in target ? Reflect.get(target, key) : createModel(prisma, key);
    },
  }) as Tx<D>;
}

function createModel<D extends Domain>(prisma: PrismaPart<D>, name: string): object {
  return new Proxy(
    {},
    {
      get: (_, method) =>
        typeof method === 'symbol' || method === 'then'
          ? undefined
          : (argument: unknown) => prisma.call(name, method, argument),
    },
  );
}
