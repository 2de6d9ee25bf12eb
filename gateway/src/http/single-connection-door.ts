/**
 * The door for the single connection mode of GraphQL over SSE: one event stream carries several operations.
 *
 * PUT reserves a stream and is answered with its token; whoever brings that opens the stream (GET or POST that accepts an event
 * stream), sends operations whose results go into it (202), and ends one of them (DELETE). The token alone opens the stream,
 * since browsers' EventSource sends no headers; everything else is for who reserved it, and to others it does not exist.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Lifecycle, type Live, type Logger, pathOf } from '@lyceum/service-kit';
import type { Authenticator } from '../auth/authenticator.ts';
import { type Identity, isSamePerson } from '../auth/identity.ts';
import type { GatewayPolicy } from '../config.ts';
import { refusal, refusalFrom } from '../errors.ts';
import type { Gateway } from '../gateway.ts';
import { isStream, type Outcome, type Result } from '../pipeline.ts';
import { isLive } from '../subscriptions/live-operation.ts';
import type { ReservedStream } from '../subscriptions/sse/reserved-stream.ts';
import type { StreamReservations } from '../subscriptions/sse/stream-reservations.ts';
import { answerWith } from './answer.ts';
import { collectBody } from './collect-body.ts';
import { commonHeaders, requestIdOf } from './common-headers.ts';
import { credentialsOf } from './credentials.ts';
import { ENDPOINT } from './endpoint.ts';
import { isJsonPost } from './graphql-http.ts';
import { negotiate } from './media-types.ts';
import { type Params, readBody, readQueryString, tooLarge } from './read-params.ts';

export interface SingleConnectionParts {
  readonly gateway: Gateway;
  readonly authenticator: Authenticator;
  readonly policy: Live<GatewayPolicy>;
  readonly reservations: StreamReservations;
  readonly life: Pick<Lifecycle, 'draining'>;
  readonly log: Logger;
}

export const TOKEN_HEADER = 'x-graphql-event-stream-token';
const BY_POST = new Set(['query', 'mutation', 'subscription'] as const);
const BY_GET = new Set(['query', 'subscription'] as const);
/** It stands in every event of its operation. */
const MAX_OPERATION_ID_LENGTH = 256;
const TAKES_TEXT = /\*\/\*|text\/(plain|\*)/i;
/** Says in its status what was wrong, whatever else the client accepts: 202 alone means that results will follow. */
const REFUSED = { mediaType: 'application/graphql-response+json', acceptEncoding: undefined, minBytes: 0 } as const;

/** Returns a handler that answers false for every request of another kind. */
export function createSingleConnectionDoor(
  parts: SingleConnectionParts,
): (req: IncomingMessage, res: ServerResponse) => boolean {
  return (req, res) => {
    if (!isOfThisMode(req)) return false;
    const exchange = new Exchange(parts, req, res);
    exchange.run().catch((err: unknown) => {
      parts.log.error({ err, requestId: exchange.requestId }, 'request failed outside the pipeline');
      res.destroy();
    });
    return true;
  };
}

function isOfThisMode(req: IncomingMessage): boolean {
  switch (req.method) {
    case 'PUT':
    case 'DELETE':
      return pathOf(req) === ENDPOINT;
    case 'GET':
    case 'POST':
      return tokenOf(req) !== undefined && pathOf(req) === ENDPOINT;
    default:
      return false;
  }
}

function tokenOf({ headers, url = '' }: IncomingMessage): string | undefined {
  const token = headers[TOKEN_HEADER]?.toString();
  if (token !== undefined || !url.includes('token=')) return token;
  return searchOf(url).get('token') ?? undefined;
}

function searchOf(url: string): URLSearchParams {
  const at = url.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
}

class Exchange {
  readonly requestId: string;
  readonly #parts: SingleConnectionParts;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #common: string[];

  constructor(parts: SingleConnectionParts, req: IncomingMessage, res: ServerResponse) {
    this.#parts = parts;
    this.#req = req;
    this.#res = res;
    this.requestId = requestIdOf(req);
    this.#common = commonHeaders(req, this.requestId, parts.policy.current);
  }

  async run(): Promise<void> {
    try {
      await this.#serve();
    } catch (thrown) {
      const error = refusalFrom(thrown, this.#parts.log.child({ requestId: this.requestId }));
      await this.#refuse({ errors: [error] });
    }
  }

  async #serve(): Promise<void> {
    const { method, headers } = this.#req;
    const { eventStream, mediaType } = negotiate(headers.accept);
    if (method === 'PUT') {
      if (!TAKES_TEXT.test(headers.accept ?? '*/*')) return this.#answer(406);
      return this.#reserve(await this.#identify());
    }
    if (method === 'DELETE') return this.#end(this.#streamOf(await this.#identify()));
    if (eventStream && mediaType === null) return await this.#open();
    if (mediaType === null) return this.#answer(406);
    const identity = await this.#identify();
    await this.#operate(this.#streamOf(identity), identity);
  }

  #reserve(identity: Identity): void {
    const { reservations, life } = this.#parts;
    if (life.draining) throw refusal('SERVICE_UNAVAILABLE', undefined, { wellFormed: false });
    // Who comes back with a token has lost that stream, though its end may not have been noticed here.
    const token = tokenOf(this.#req);
    if (token !== undefined) reservations.findOf(identity, token)?.breakOff('client');
    this.#answer(201, reservations.reserve(identity).token, 'text/plain; charset=utf-8');
  }

  async #open(): Promise<void> {
    const { reservations } = this.#parts;
    const stream = reservations.find(tokenOf(this.#req) ?? '') ?? noStream();
    const { authorization, claims } = credentialsOf(this.#req.headers);
    const isTicketAll = authorization === null && claims === null;
    if (!isTicketAll && !isSamePerson(await this.#identify(), stream.identity)) noStream();
    if (stream.isOpened) throw refusal('CONFLICT', 'The stream is open already.', { wellFormed: false });
    if (!stream.isOpen) noStream();
    // The client may have gone while it was found out who it is.
    if (this.#res.destroyed) return;
    stream.open(this.#res, this.#common);
  }

  #end(stream: ReservedStream): void {
    const id = searchOf(this.#req.url ?? '').get('operationId');
    if (!id) throw refusal('BAD_REQUEST', '`operationId` must be in the query string.', { wellFormed: false });
    stream.operations.leave(id);
    this.#answer(200);
  }

  async #operate(stream: ReservedStream, identity: Identity): Promise<void> {
    const params = await this.#params();
    if (params === null) return this.#answer(415);
    const operationId = operationIdOf(params);
    if (stream.operations.has(operationId)) {
      throw refusal('CONFLICT', 'An operation with this id runs already.', { wellFormed: false });
    }
    if (stream.operations.areTooMany) throw refusal('RATE_LIMITED', 'Too many operations on one stream.');
    if (!stream.isOpen) noStream();
    if (this.#res.destroyed) return;

    const operation = stream.operations.begin(operationId);
    // A client that does not wait to hear that it was taken on cannot end it otherwise.
    this.#res.once('close', () => this.#res.writableFinished || stream.operations.release(operation));
    const { headers, method, socket } = this.#req;
    const outcome = await this.#parts.gateway.run({
      requestId: this.requestId,
      params,
      allowed: method === 'POST' ? BY_POST : BY_GET,
      takesParts: true,
      header: (name) => headers[name]?.toString(),
      address: socket.remoteAddress,
      identify: () => identity,
      get signal() {
        return operation.signal;
      },
    });
    if (operation.isOver) return this.#answer(204);
    if (isRefused(outcome)) {
      stream.operations.release(operation);
      return await this.#refuse(outcome);
    }
    this.#answer(202);
    await stream.operations.answer(operation, outcome).catch((err: unknown) => {
      this.#parts.log.error({ err, requestId: this.requestId }, 'operation failed on its stream');
      stream.breakOff('client');
    });
  }

  /** Null for a body of another type. Never settles for a client that is gone. */
  async #params(): Promise<Params | null> {
    const { method, url = '' } = this.#req;
    if (method === 'GET') {
      const search = searchOf(url);
      search.delete('token');
      return readQueryString(search.toString());
    }
    if (!isJsonPost(this.#req)) return null;
    const { maxBodyBytes } = this.#parts.policy.current.limits;
    const body = await new Promise<Buffer | null>((resolve) => collectBody(this.#req, maxBodyBytes, resolve));
    if (!body) throw tooLarge();
    return readBody(body);
  }

  #identify(): Promise<Identity> | Identity {
    return this.#parts.authenticator.authenticate(credentialsOf(this.#req.headers));
  }

  #streamOf(identity: Identity): ReservedStream {
    return this.#parts.reservations.findOf(identity, tokenOf(this.#req) ?? '') ?? noStream();
  }

  #answer(status: number, body = '', contentType?: string): void {
    const headers = contentType === undefined ? [] : ['content-type', contentType];
    this.#send(status, [...headers, ...(status === 204 ? [] : ['content-length', `${Buffer.byteLength(body)}`])], body);
  }

  async #refuse(result: Result): Promise<void> {
    const { status, headers, body } = await answerWith(result, REFUSED);
    this.#send(Math.max(status, 400), headers, body);
  }

  #send(status: number, headers: readonly string[], body: string | Buffer): void {
    const res = this.#res;
    if (res.destroyed) return;
    if (this.#parts.life.draining) res.shouldKeepAlive = false;
    res.writeHead(status, this.#common.concat(headers));
    res.end(body);
  }
}

/** Throws BAD_REQUEST. */
function operationIdOf({ extensions }: Params): string {
  const id = extensions?.operationId;
  if (typeof id === 'string' && id.length > 0 && id.length <= MAX_OPERATION_ID_LENGTH) return id;
  const message = `\`extensions.operationId\` must be a text of at most ${MAX_OPERATION_ID_LENGTH} characters.`;
  throw refusal('BAD_REQUEST', message, { wellFormed: false });
}

function isRefused(outcome: Outcome): outcome is Result {
  return !isLive(outcome) && !isStream(outcome) && outcome.errors !== undefined && !('data' in outcome);
}

function noStream(): never {
  throw refusal('STREAM_NOT_FOUND', undefined, { wellFormed: false });
}
