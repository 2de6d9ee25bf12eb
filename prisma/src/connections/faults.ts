/**
 * Whose fault a failed statement is, by the SQLSTATE or, where the driver gives none, by its words.
 */
import { isLyceumError, LyceumError } from '@lyceum/service-kit';

/** The server ended the connection as its transaction idled, or went on, for too long. */
const ENDED = /^25P0[34]$/;
const CANCELLED = '57014';
/** The connection is lost or refused: class 08, shutting down, too many connections, and errors of the system. */
const LOST = /^(08...|57P0.|53300|E(?!RR_)[A-Z_]+)$/;
/** A server did not let a new connection in in time. */
const CONNECT_TIMEOUT = 'Connection terminated due to connection timeout';
const LOST_WORDS = /^(Connection terminated|Client has encountered a connection error)/;

/** Of an error of pg, or of one that Prisma made of it. */
export function sqlStateOf(error: unknown): string | undefined {
  for (let at = error, depth = 0; typeof at === 'object' && at !== null && depth < 5; depth += 1) {
    const { originalCode, code, cause, meta, driverAdapterError } = at as Record<string, unknown>;
    if (typeof originalCode === 'string') return originalCode;
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !/^P\d{4}$/.test(code)) return code;
    at = driverAdapterError ?? meta ?? cause;
  }
  return undefined;
}

export function isLost(error: unknown): boolean {
  return LOST.test(sqlStateOf(error) ?? systemCodeOf(error) ?? '') || LOST_WORDS.test(messageOf(error));
}

/** It was not done in time, whoever kept it. */
export function isTooLong(error: unknown): boolean {
  const isLate = isReadTimeout(error) || isPoolFull(error) || messageOf(error) === CONNECT_TIMEOUT;
  return isLate || ENDED.test(sqlStateOf(error) ?? '');
}

/** The server gave the statement up, as it took too long; the connection is as good as before. */
export function isCancelled(error: unknown): boolean {
  return sqlStateOf(error) === CANCELLED;
}

/** No connection of ours became free in time. */
export function isPoolFull(error: unknown): boolean {
  return messageOf(error) === 'timeout exceeded when trying to connect';
}

/** A statement had no answer in time. */
export function isReadTimeout(error: unknown): boolean {
  return messageOf(error) === 'Query read timeout';
}

/** TIMED_OUT or SERVICE_UNAVAILABLE where the server or its time is at fault; any other error is left as it is. */
export function faultOf(error: unknown, details?: Readonly<Record<string, unknown>>): unknown {
  if (isLyceumError(error)) return error;
  if (isTooLong(error) || isCancelled(error)) return new LyceumError('TIMED_OUT', undefined, details, { cause: error });
  return isLost(error) ? new LyceumError('SERVICE_UNAVAILABLE', undefined, details, { cause: error }) : error;
}

function systemCodeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}
