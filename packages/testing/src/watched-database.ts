/**
 * A line to a PostgreSQL server that writes down every statement which goes through it: a proxy that reads the wire
 * protocol. What it counts is what the server was asked, by whichever library.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Statement {
  readonly database: string;
  /** The `application_name` of the connection. */
  readonly application: string;
  readonly text: string;
}

export interface WatchedDatabase extends AsyncDisposable {
  /** The given URL with the line's address; other databases of the server differ in the path. */
  readonly url: string;
  /** Those since the last call, in order of execution. */
  take(): Statement[];
}

/** Plain connections only, as on the stack of a test run. */
export async function watchDatabase(url: string): Promise<WatchedDatabase> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let seen: Statement[] = [];
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    }
    const read = createReader((statement) => seen.push(statement));
    client.on('data', read);
    client.pipe(upstream).pipe(client);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = new URL(url);
  own.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: own.href,
    take: () => {
      const taken = seen;
      seen = [];
      return taken;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Reads what a client sends: a start-up message without a type, then messages of a type, a length and a body. */
function createReader(onStatement: (statement: Statement) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  let from: Omit<Statement, 'text'> | undefined;
  const prepared = new Map<string, string>();
  let bound = '';
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const header = from === undefined ? 0 : 1;
      if (rest.length < header + 4) return;
      const end = header + rest.readUInt32BE(header);
      if (rest.length < end) return;
      const body = rest.subarray(header + 4, end);
      const type = header === 0 ? 'startup' : String.fromCharCode(rest[0]!);
      rest = rest.subarray(end);
      if (type === 'startup') from = startup(body);
      else if (type === 'Q') onStatement({ ...from!, text: textAt(body, 0) });
      else if (type === 'P') prepared.set(textAt(body, 0), textAt(body, 1));
      else if (type === 'B') bound = prepared.get(textAt(body, 1)) ?? '';
      else if (type === 'E') onStatement({ ...from!, text: bound });
    }
  };
}

/** After the version of the protocol, names and values. */
function startup(body: Buffer): Omit<Statement, 'text'> {
  const words = body.subarray(4).toString().split('\0');
  const parameter = (name: string) => {
    const at = words.findIndex((word, index) => index % 2 === 0 && word === name);
    return at < 0 ? '' : words[at + 1]!;
  };
  return { database: parameter('database'), application: parameter('application_name') };
}

/** Of the texts that a message begins with, each ended by a zero, the one at this place. */
function textAt(body: Buffer, place: number): string {
  let start = 0;
  for (let index = 0; index < place; index += 1) start = body.indexOf(0, start) + 1;
  return body.toString('utf8', start, body.indexOf(0, start));
}
