/**
 * One request at the HTTP door, from its headers to its answer.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Lifecycle, Live, Logger } from '@lyceum/service-kit';
import type { Authenticator } from '../auth/authenticator.ts';
import type { Identity } from '../auth/identity.ts';
import type { GatewayPolicy } from '../config.ts';
import { refusalFrom } from '../errors.ts';
import type { Gateway } from '../gateway.ts';
import { type GatewayRequest, isStream, type MaybePromise, type Outcome, type Result } from '../pipeline.ts';
import { isLive } from '../subscriptions/live-operation.ts';
import { type Answer, answerWith } from './answer.ts';
import { credentialsOf } from './credentials.ts';
import type { MediaType } from './media-types.ts';
import type { Params } from './read-params.ts';

/** What all exchanges of a door share. */
export interface DoorParts {
  readonly gateway: Gateway;
  readonly authenticator: Authenticator;
  readonly policy: Live<GatewayPolicy>;
  readonly life: Pick<Lifecycle, 'draining'>;
  readonly log: Logger;
}

const ONLY_QUERIES = new Set(['query'] as const);
const NO_STREAMS = new Set(['query', 'mutation'] as const);
const CLIENT_IS_GONE = new Error('the client is gone');

export class HttpExchange implements GatewayRequest {
  readonly requestId: string;
  params: Params = {};
  /** Whoever does is served at the other door. */
  readonly takesParts = false;
  readonly #parts: DoorParts;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #common: readonly string[];
  readonly #mediaType: MediaType;
  #gone: AbortController | undefined;

  /** `common` is what every answer carries, names and values in turn. */
  constructor(
    parts: DoorParts,
    req: IncomingMessage,
    res: ServerResponse,
    given: { requestId: string; common: readonly string[]; mediaType: MediaType },
  ) {
    this.#parts = parts;
    this.#req = req;
    this.#res = res;
    this.requestId = given.requestId;
    this.#common = given.common;
    this.#mediaType = given.mediaType;
  }

  get allowed(): GatewayRequest['allowed'] {
    return this.#req.method === 'POST' ? NO_STREAMS : ONLY_QUERIES;
  }

  get address(): string | undefined {
    return this.#req.socket.remoteAddress;
  }

  header(name: string): string | undefined {
    return this.#req.headers[name]?.toString();
  }

  identify(): MaybePromise<Identity> {
    return this.#parts.authenticator.authenticate(credentialsOf(this.#req.headers));
  }

  /** Made when first asked for: what is answered without waiting needs none. */
  get signal(): AbortSignal {
    if (!this.#gone) {
      const gone = new AbortController();
      const res = this.#res;
      this.#gone = gone;
      // A reason of our own: an abort without one makes an error with a stack each time.
      if (res.destroyed) gone.abort(CLIENT_IS_GONE);
      else res.once('close', () => res.writableFinished || gone.abort(CLIENT_IS_GONE));
    }
    return this.#gone.signal;
  }

  /** Reads what is asked for and answers it. Never throws. */
  run(read: () => Params): void {
    try {
      this.params = read();
    } catch (error) {
      this.#answer({ errors: [refusalFrom(error, this.#parts.log)] });
      return;
    }
    const outcome = this.#parts.gateway.run(this);
    if (outcome instanceof Promise) outcome.then(this.#answer, this.#fail);
    else this.#answer(outcome);
  }

  readonly #answer = (outcome: Outcome): void => {
    try {
      if (isStream(outcome) || isLive(outcome)) throw new Error('A stream came where none was asked for.');
      const answer = this.#write(outcome);
      if (answer instanceof Promise) answer.then(this.#send).catch(this.#fail);
      else this.#send(answer);
    } catch (error) {
      this.#fail(error);
    }
  };

  #write(result: Result): MaybePromise<Answer> {
    return answerWith(result, {
      mediaType: this.#mediaType,
      acceptEncoding: this.#req.headers['accept-encoding']?.toString(),
      minBytes: this.#parts.policy.current.http.compression.minBytes,
    });
  }

  readonly #send = ({ status, headers, body, encoding }: Answer): void => {
    const res = this.#res;
    if (this.#parts.life.draining) res.shouldKeepAlive = false;
    res.writeHead(status, this.#common.concat(headers));
    res.end(body, encoding);
  };

  readonly #fail = (error: unknown): void => {
    this.#parts.log.error({ err: error, requestId: this.requestId }, 'request failed outside the pipeline');
    this.#res.destroy();
  };
}
