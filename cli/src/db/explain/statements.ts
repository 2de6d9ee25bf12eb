/**
 * The statements that a database has executed, by pg_stat_statements: of its primary and of its replicas, which count
 * for themselves.
 */
import { sleep } from '@lyceum/service-kit';
import type pg from 'pg';
import { Failure } from '../../failure.ts';

export interface Statement {
  /** Normalised: constants are parameters. */
  readonly text: string;
  readonly calls: number;
  readonly totalMs: number;
}

export interface HotOptions {
  /** So many by calls, and as many by time in all. */
  readonly limit: number;
}

/** What was called less often is not in the way of anybody. */
export const HOT_CALLS = 10;
/** What Postgres shows in place of a text that the reader may not see. */
const HIDDEN = '<insufficient privilege>';
const REPLAY_TRIES = 30;
const REPLAY_WAIT_MS = 100;

/** Made where it is permitted. Throws a Failure that says what is missing where not. */
export async function ensureStatementStatistics(primary: pg.Client, place: string): Promise<void> {
  const { rows } = await primary.query("SELECT 1 FROM pg_extension WHERE extname = 'pg_stat_statements'");
  if (rows.length > 0) return;
  await primary.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements').catch((error: Error) => {
    throw new Failure(
      `${place} has no pg_stat_statements, and it cannot be made (${error.message}). Let a superuser run CREATE EXTENSION pg_stat_statements in that database.`,
    );
  });
}

export async function readStatements(client: pg.Client, place: string): Promise<Statement[]> {
  for (let tried = 1; ; tried += 1) {
    try {
      const { rows } = await client.query<Statement>(
        `SELECT query AS text, sum(calls)::float8 AS calls, sum(total_exec_time) AS "totalMs"
         FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
         GROUP BY query`,
      );
      if (rows.some(({ text }) => text === HIDDEN)) {
        throw new Failure(`${place} hides the statements of others: grant this role pg_read_all_stats.`);
      }
      return rows;
    } catch (error) {
      if (error instanceof Failure) throw error;
      const { code, message } = error as Error & { code?: string };
      // The extension was made a moment ago, and has not reached the replica.
      if (code === '42P01' && tried < REPLAY_TRIES) {
        await sleep(REPLAY_WAIT_MS);
        continue;
      }
      throw new Failure(
        `${place} does not count its statements (${message}). Set shared_preload_libraries = 'pg_stat_statements' and restart that server.`,
      );
    }
  }
}

/** Adds up what several servers executed. */
export function mergeStatements(lists: readonly (readonly Statement[])[]): Statement[] {
  const merged = new Map<string, Statement>();
  for (const { text, calls, totalMs } of lists.flat()) {
    const known = merged.get(text);
    merged.set(text, { text, calls: calls + (known?.calls ?? 0), totalMs: totalMs + (known?.totalMs ?? 0) });
  }
  return [...merged.values()];
}

/** The hottest by calls and by total time, the most called first. */
export function hottest(statements: readonly Statement[], { limit }: HotOptions): Statement[] {
  const candidates = statements.filter(({ text, calls }) => calls >= HOT_CALLS && !isMaintenance(text));
  const byCalls = candidates.toSorted((a, b) => b.calls - a.calls);
  const byTime = candidates.toSorted((a, b) => b.totalMs - a.totalMs);
  const hot = new Set([...byCalls.slice(0, limit), ...byTime.slice(0, limit)]);
  return byCalls.filter((statement) => hot.has(statement));
}

const QUERY = /^(select|insert|update|delete|merge|with|values|table)\b/i;
const TOOLS =
  /\b(pg_stat_\w+|pg_(class|attribute|index|constraint|database|extension|inherits|type|proc)|_prisma_migrations)\b/i;

/** Utility statements (COPY, ANALYZE, BEGIN …), and what tools ask of catalogs and of the history of migrations. */
function isMaintenance(text: string): boolean {
  const bare = text.replace(/\/\*[\s\S]*?\*\/|--.*$/gm, '').trim();
  return !QUERY.test(bare.replace(/^\(+\s*/, '')) || TOOLS.test(bare);
}
