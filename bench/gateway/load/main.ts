/**
 * The process that asks. Does one visit after the other, as its parent says, and tells what it saw.
 */
import type { Socket } from 'node:net';
import { openConnection } from './connection.ts';

export interface Visit {
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent in turn, over all connections. */
  readonly bodies: readonly string[];
  readonly connections: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Bytes that an answer must have, where its length is told; null: any. */
  readonly expectedLength: number | null;
}

export interface Visited {
  readonly answers: number;
  /** Requests in all, the warm-up included. */
  readonly sent: number;
  readonly seconds: number;
  /** Answers that were none, or of another length, and connections that broke; in all, the warm-up included. */
  readonly failures: number;
  readonly failure: string | null;
  readonly p50: number;
  readonly p99: number;
}

/** The parent reads the processors' clocks when the measurement begins and when it ends. */
export type LoadMessage = 'measuring' | 'measured' | Visited;

/** For answers that are under way when the measurement ends. */
const DRAIN_MS = 10_000;

function visit({ port, headers, bodies, connections, warmUpMs, measureMs, expectedLength }: Visit): Promise<Visited> {
  const latencies: number[] = [];
  const sockets: Socket[] = [];
  let measuring = false;
  let ended = false;
  let failures = 0;
  let failure: string | null = null;
  const fail = (reason: string) => {
    failures += 1;
    failure ??= reason;
  };
  const requests = bodies.map((body) => writeRequest(port, headers, body));
  let sent = 0;
  const nextRequest = () => (ended ? null : (requests[sent++ % requests.length] as Buffer));
  const closed = Array.from({ length: connections }, () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const socket = openConnection({
      port,
      nextRequest,
      onAnswer({ ok, length, milliseconds }) {
        if (!ok) fail('an answer without status 200');
        else if (expectedLength !== null && length !== null && length !== expectedLength) {
          fail(`an answer of ${length} bytes instead of ${expectedLength}`);
        } else if (measuring) latencies.push(milliseconds);
      },
      onFail(error) {
        if (!ended) fail(error.message);
        socket.destroy();
      },
      onClose: resolve,
    });
    sockets.push(socket);
    return promise;
  });
  return new Promise((resolve) => {
    let started = 0;
    setTimeout(() => {
      measuring = true;
      started = performance.now();
      process.send?.('measuring' satisfies LoadMessage);
    }, warmUpMs);
    setTimeout(async () => {
      const seconds = (performance.now() - started) / 1000;
      measuring = false;
      ended = true;
      process.send?.('measured' satisfies LoadMessage);
      // What is under way is waited for, so that the next visit finds a gateway with nothing left to do.
      const late = setTimeout(() => sockets.forEach((socket) => void socket.destroy()), DRAIN_MS);
      await Promise.all(closed);
      clearTimeout(late);
      const sorted = Float64Array.from(latencies).sort();
      const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Infinity;
      resolve({ answers: sorted.length, sent, seconds, failures, failure, p50: at(0.5), p99: at(0.99) });
    }, warmUpMs + measureMs);
  });
}

function writeRequest(port: number, headers: Readonly<Record<string, string>>, body: string): Buffer {
  const all = {
    host: `127.0.0.1:${port}`,
    'content-type': 'application/json',
    accept: 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST /graphql HTTP/1.1\r\n${head.join('')}\r\n${body}`);
}

process.on('message', (message: Visit) => {
  void visit(message).then((visited) => process.send?.(visited satisfies LoadMessage));
});
process.once('disconnect', () => process.exit(0));
