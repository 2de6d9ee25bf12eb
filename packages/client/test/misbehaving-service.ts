/**
 * A small real service for tests of the client: queries, and one subscription over WebSocket and server-sent events whose
 * events are numbers with cursors. It does what real ones do on bad days, when a test says so.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

export interface Request {
  readonly authorization: string | undefined;
  readonly params: {
    query?: string;
    documentId?: string;
    variables?: unknown;
    extensions?: { cursor?: string | null };
  };
}

export interface MisbehavingService extends AsyncDisposable {
  readonly url: string;
  /** Answers queries and mutations; replaceable. Undefined hangs up. */
  answer: (request: Request) => Promise<object | undefined> | object | undefined;
  /** Whether a token is good: for requests, and for sockets when they open. */
  accepts: (authorization: string | undefined) => boolean;
  /** Whether a token that a socket brings in place of an earlier one is good for that socket. */
  takesOver: (authorization: string | undefined) => boolean;
  /** Whether subscriptions get cursors. */
  cursors: boolean;
  /** How the next sockets are closed instead of acknowledged, one after the other. */
  readonly refusals: number[];
  /** Everything that came, in order. */
  readonly requests: Request[];
  readonly subscriptions: Request[];
  /** Authorizations of opened sockets, and those brought by pings. */
  readonly inits: (string | undefined)[];
  readonly pings: (string | undefined)[];
  /** Sockets and streams that are open, and subscriptions on them. */
  readonly lines: number;
  readonly subscribers: number;
  /** Appends so many events, and tells subscribers. */
  emit(count?: number): void;
  /** Forgets all events up to now. */
  trim(): void;
  /** Tells subscribers of an error: as a last message, or as the protocol's `error`. */
  fail(code: string, as: 'message' | 'error'): void;
  complete(): void;
  /** Ends every line: sockets with this code, or without a word. */
  drop(code?: number): void;
  /** Is not there any more. */
  stop(): Promise<void>;
}

/** One subscription under way. */
interface Subscriber {
  next(payload: object): void;
  error(errors: object[]): void;
  complete(): void;
}

export async function openService(): Promise<MisbehavingService> {
  const subscribers = new Set<Subscriber>();
  const sockets = new Set<WebSocket>();
  const streams = new Set<ServerResponse>();
  let last = 0;
  let trimmed = 0;

  const server = createServer((req, res) => void serve(req, res).catch(() => res.destroy()));
  const upgrades = new WebSocketServer({ server, handleProtocols: () => 'graphql-transport-ws' });
  upgrades.on('connection', (socket) => converse(socket));

  const eventAt = (n: number) => ({ data: { n }, ...(service.cursors && { extensions: { cursor: `c${n}` } }) });
  const refusalOf = (code: string) => ({ message: `It is ${code}.`, extensions: { code } });

  /** Replays what is behind the cursor. */
  function subscribe(request: Request, subscriber: Subscriber): void {
    service.subscriptions.push(request);
    const { cursor } = request.params.extensions ?? {};
    const from = typeof cursor === 'string' ? Number(cursor.slice(1)) : last;
    if (from < trimmed) {
      subscriber.error([refusalOf('CURSOR_EXPIRED')]);
      return;
    }
    for (let n = from + 1; n <= last; n += 1) subscriber.next(eventAt(n));
    if (service.cursors && cursor !== undefined) subscriber.next({ extensions: { cursor: `c${last}` } });
    subscribers.add(subscriber);
  }

  function converse(socket: WebSocket): void {
    sockets.add(socket);
    const mine = new Map<string, Subscriber>();
    let authorization: string | undefined;
    const send = (message: object) => socket.send(JSON.stringify(message));
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      for (const subscriber of mine.values()) subscribers.delete(subscriber);
    });
    socket.on('message', (data) => {
      const { type, id, payload } = JSON.parse(String(data));
      if (type === 'connection_init') {
        authorization = payload?.authorization;
        service.inits.push(authorization);
        const refusal = service.refusals.shift() ?? (service.accepts(authorization) ? undefined : 4403);
        return refusal === undefined ? send({ type: 'connection_ack' }) : socket.close(refusal);
      }
      if (type === 'ping') {
        if (payload) {
          authorization = payload.authorization;
          service.pings.push(authorization);
          if (!service.takesOver(authorization)) return socket.close(4403);
        }
        return send({ type: 'pong', ...(payload && { payload: { expiresAt: null } }) });
      }
      if (type === 'complete') {
        const subscriber = mine.get(id);
        if (subscriber) subscribers.delete(subscriber);
        mine.delete(id);
      }
      if (type !== 'subscribe') return;
      const subscriber: Subscriber = {
        next: (result) => send({ type: 'next', id, payload: result }),
        error: (errors) => send({ type: 'error', id, payload: errors }),
        complete: () => send({ type: 'complete', id }),
      };
      mine.set(id, subscriber);
      subscribe({ authorization, params: payload }, subscriber);
    });
  }

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { authorization, accept = '' } = req.headers;
    const body = await req.setEncoding('utf8').reduce((all: string, chunk: string) => all + chunk, '');
    const request: Request = { authorization, params: JSON.parse(body) };
    const reply = (status: number, result: object) =>
      res.writeHead(status, { 'content-type': 'application/graphql-response+json' }).end(JSON.stringify(result));

    if (!accept.startsWith('text/event-stream')) service.requests.push(request);
    else service.inits.push(authorization);
    if (!service.accepts(authorization)) return void reply(401, { errors: [refusalOf('UNAUTHENTICATED')] });
    if (!accept.startsWith('text/event-stream')) {
      const result = await service.answer(request);
      return void (result ? reply(200, result) : req.socket.destroy());
    }
    res.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n');
    streams.add(res);
    const subscriber: Subscriber = {
      next({ extensions, ...result }: { extensions?: { cursor?: string } }) {
        const id = extensions?.cursor ? `id: ${extensions.cursor}\n` : '';
        res.write(
          'data' in result || 'errors' in result ? `${id}event: next\ndata: ${JSON.stringify(result)}\n\n` : `${id}\n`,
        );
      },
      error(errors) {
        subscriber.next({ errors });
        subscriber.complete();
      },
      complete: () => res.end('event: complete\ndata:\n\n'),
    };
    res.on('close', () => {
      streams.delete(res);
      subscribers.delete(subscriber);
    });
    subscribe(request, subscriber);
  }

  await once(server.listen(0, '127.0.0.1'), 'listening');
  const service: MisbehavingService = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    answer: () => ({ data: { answered: true } }),
    accepts: () => true,
    takesOver: () => true,
    cursors: true,
    refusals: [],
    requests: [],
    subscriptions: [],
    inits: [],
    pings: [],
    get lines() {
      return sockets.size + streams.size;
    },
    get subscribers() {
      return subscribers.size;
    },
    emit(count = 1) {
      for (let more = count; more > 0; more -= 1) {
        last += 1;
        for (const subscriber of subscribers) subscriber.next(eventAt(last));
      }
    },
    trim() {
      trimmed = last;
    },
    fail(code, as) {
      for (const subscriber of subscribers) {
        if (as === 'error') subscriber.error([refusalOf(code)]);
        else {
          subscriber.next({ data: null, errors: [refusalOf(code)] });
          subscriber.complete();
        }
      }
      subscribers.clear();
    },
    complete() {
      for (const subscriber of subscribers) subscriber.complete();
      subscribers.clear();
    },
    drop(code) {
      for (const socket of sockets) code === undefined ? socket.terminate() : socket.close(code);
      for (const stream of streams) stream.destroy();
    },
    async stop() {
      if (!server.listening) return;
      service.drop();
      upgrades.close();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
    [Symbol.asyncDispose]: () => service.stop(),
  };
  return service;
}
