/**
 * Whose fault a failed statement is, by the SQLSTATE or, where the driver gives none, by its words.
 */

/** The connection is lost or refused: class 08, shutting down, too many connections, and errors of the system. */
export function isLostState(code: string): boolean {
  return /^(08...|57P0.|53300|E[A-Z]+)$/.test(code);
}

/** No connection of ours became free in time. */
export function isPoolFull(error: unknown): boolean {
  return error instanceof Error && error.message === 'timeout exceeded when trying to connect';
}

/** A statement had no answer in time. */
export function isReadTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout';
}

/** A server did not let a new connection in in time. */
export function isConnectTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Connection terminated due to connection timeout';
}
