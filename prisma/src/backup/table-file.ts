/**
 * The file of one table: rows in `COPY`'s text format, compressed by zstd. Streamed either way, so that memory does not
 * grow with the table and the slower side sets the pace.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress, createZstdDecompress } from 'node:zlib';
import pg from 'pg';
import { from, to } from 'pg-copy-streams';
import { BackupError, reasonOf } from './backup-error.ts';
import type { BackupTable } from './manifest.ts';

const LINE_FEED = 0x0a;

export interface TransferOptions {
  readonly signal: AbortSignal;
  /** Called with the rows of each piece. */
  readonly onRows: (rows: number) => void;
}

type Columns = Pick<BackupTable, 'name' | 'columns'>;

const identifiers = (columns: BackupTable['columns']) =>
  columns.map(({ name }) => pg.escapeIdentifier(name)).join(', ');

/** The file must not exist. It is on the disk when this returns. */
export async function writeTableFile(
  client: pg.Client,
  table: Columns,
  file: string,
  { signal, onRows }: TransferOptions,
): Promise<Pick<BackupTable, 'bytes' | 'sha256'> & { lines: number }> {
  // A query, because a partitioned table has no rows of its own to copy.
  const rowsOf = to(`COPY (SELECT ${identifiers(table.columns)} FROM ${pg.escapeIdentifier(table.name)}) TO STDOUT`);
  const lines = countLines(onRows);
  const digest = digestBytes();
  await pipeline(
    client.query(rowsOf),
    lines.pass,
    createZstdCompress(),
    digest.pass,
    createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true }),
    { signal },
  );
  return { ...digest.result(), lines: lines.result() };
}

/** Fills an empty table. The file was verified before; what arrived is for the checksum to say. */
export async function loadTableFile(
  client: pg.Client,
  table: Columns,
  file: string,
  { signal, onRows }: TransferOptions,
): Promise<void> {
  const sink = from(`COPY ${pg.escapeIdentifier(table.name)} (${identifiers(table.columns)}) FROM STDIN`);
  await pipeline(createReadStream(file), createZstdDecompress(), countLines(onRows).pass, client.query(sink), {
    signal,
  });
}

/** Throws a BackupError that names the file unless it is, to the byte, what was written. */
export async function verifyTableFile(file: string, table: BackupTable, signal: AbortSignal): Promise<void> {
  const digest = digestBytes();
  await pipeline(createReadStream(file), digest.pass, discard(), { signal }).catch((error: unknown) => {
    throw signal.aborted ? error : new BackupError(`${file} cannot be read: ${reasonOf(error)}`, { cause: error });
  });
  const { bytes, sha256 } = digest.result();
  if (bytes !== table.bytes || sha256 !== table.sha256) {
    throw new BackupError(`${file} was changed after it was written. Take another copy of the backup.`);
  }
}

const discard = () => new Writable({ write: (_chunk, _encoding, done) => done() });

/** A row is a line: a line feed within a value is written as two other characters. */
function countLines(onRows: (rows: number) => void) {
  let total = 0;
  return {
    result: () => total,
    async *pass(chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        let rows = 0;
        for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, at + 1)) rows += 1;
        total += rows;
        onRows(rows);
        yield chunk;
      }
    },
  };
}

function digestBytes() {
  const hash = createHash('sha256');
  let bytes = 0;
  return {
    result: () => ({ bytes, sha256: hash.digest('hex') }),
    async *pass(chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    },
  };
}
