/**
 * One client's socket: says who it is, then runs operations of every type through the gateway's pipeline.
 *
 * What the client does not read in time is bounded in bytes. Beyond that, an operation whose delivery is LATEST keeps its
 * newest message and sends it when there is room; anything else closes the socket, and the client resumes from its last
 * cursor. It is closed with 4403 when its token expires, unless the client hands in a fresh one by a `ping` that holds it.
 */
import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Live, Logger } from '@lyceum/service-kit';
import type { GraphQLError } from 'graphql';
import type { WebSocket } from 'ws';
import type { Authenticator } from '../../auth/authenticator.ts';
import type { Identity } from '../../auth/identity.ts';
import type { WatchIdentity } from '../../auth/identity-end.ts';
import type { GatewayPolicy } from '../../config.ts';
import { refusal } from '../../errors.ts';
import type { Gateway } from '../../gateway.ts';
import { writeResult } from '../../http/write-result.ts';
import type { SubscriptionMetrics } from '../../observability/subscription-metrics.ts';
import { isStream, type Outcome, type Result } from '../../pipeline.ts';
import type { LiveMessage } from '../live-message.ts';
import { isLive, type LeaveReason } from '../live-operation.ts';
import { readAuthorization } from './authorization.ts';
import {
  ACKNOWLEDGEMENT,
  CLOSE,
  type ClientMessage,
  closeReason,
  complete,
  error,
  pong,
  readMessage,
} from './protocol.ts';
import { type OperationSocket, RunningOperation } from './running-operation.ts';

/** Shared by all sockets. */
export interface ConnectionOptions {
  readonly gateway: Gateway;
  readonly authenticator: Authenticator;
  readonly watchIdentity: WatchIdentity;
  readonly policy: Live<GatewayPolicy>;
  readonly metrics: SubscriptionMetrics;
  readonly log: Logger;
  /** Counts a person's socket; null if there are too many. Returns the way to take it off the count. */
  arrive(viewerId: string): (() => void) | null;
}

/** What is kept of the request that opened the socket. */
export interface Handshake {
  /** The header with internal claims. */
  readonly claims: string | null;
  /** Those that subgraphs may be told. */
  readonly headers: Readonly<Record<string, string>>;
}

const ALL_TYPES = new Set(['query', 'mutation', 'subscription'] as const);
/** A client that does not read gets no close frame either. */
const HANG_UP_MS = 2_000;
const TEXT = { binary: false, compress: false };

export class Connection implements OperationSocket {
  readonly #options: ConnectionOptions;
  readonly #socket: WebSocket;
  /** What the WebSocket writes to: tells when there is room again. */
  readonly #line: Duplex;
  readonly #handshake: Handshake;
  readonly #operations = new Map<string, RunningOperation>();
  #state: 'new' | 'initialising' | 'acknowledged' = 'new';
  #identity: Identity | undefined;
  #initialisation: NodeJS.Timeout | undefined;
  #forgetIdentity = () => {};
  #depart = () => {};
  #isWaiting = false;
  #leaveReason: LeaveReason = 'client';
  #idleSince = performance.now();
  #isAnswered = true;

  constructor(socket: WebSocket, line: Duplex, handshake: Handshake, options: ConnectionOptions) {
    this.#options = options;
    this.#socket = socket;
    this.#line = line;
    this.#handshake = handshake;
    this.#initialisation = setTimeout(
      () => this.close(CLOSE.INITIALISATION_TIMEOUT, 'Connection initialisation timeout'),
      options.policy.current.limits.webSocket.initialisationMs,
    );
  }

  /** One message of the client. Never throws. */
  receive(text: string): void {
    // One that is being closed, perhaps since its session has ended, asks for nothing more.
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    let message: ClientMessage;
    try {
      message = readMessage(text);
    } catch (cause) {
      this.close(CLOSE.BAD_REQUEST, (cause as Error).message);
      return;
    }
    this.#act(message).catch((err: unknown) => {
      this.#options.log.error({ err }, 'socket message failed unexpectedly');
      this.close(CLOSE.INTERNAL, 'INTERNAL');
    });
  }

  /** Hangs up on a peer that does not answer: its TCP connection may live on for hours otherwise. */
  ping(): void {
    if (!this.#isAnswered) {
      this.#socket.terminate();
      return;
    }
    const { idleMs } = this.#options.policy.current.limits.webSocket;
    if (this.#operations.size === 0 && performance.now() - this.#idleSince > idleMs) {
      this.close(CLOSE.NORMAL, 'Idle');
      return;
    }
    this.#isAnswered = false;
    this.#socket.ping();
  }

  answered(): void {
    this.#isAnswered = true;
  }

  close(code: number, reason: string, leaveReason: LeaveReason = this.#leaveReason): void {
    this.#leaveReason = leaveReason;
    this.#leaveAll();
    this.#socket.close(code, closeReason(reason));
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** The socket is gone. */
  closed(): void {
    clearTimeout(this.#initialisation);
    this.#forgetIdentity();
    this.#depart();
    this.#leaveAll();
  }

  deliver(operation: RunningOperation, message: LiveMessage): void {
    const { metrics } = this.#options;
    if (this.#isFull() && !message.isOpening) {
      if (operation.policy !== 'LATEST') {
        this.#tooSlow();
        return;
      }
      if (operation.waiting) metrics.coalesced.inc();
      operation.waiting = message;
      this.#whenRoom();
      return;
    }
    this.#sendNext(operation, message.payload);
    metrics.frames.inc();
  }

  ended(operation: RunningOperation, errors: readonly GraphQLError[] | undefined): void {
    if (operation.waiting) this.#sendNext(operation, operation.waiting.payload);
    this.#release(operation);
    this.#send(errors ? error(operation.id, errors) : complete(operation.id));
  }

  async #act(message: ClientMessage): Promise<void> {
    switch (message.type) {
      case 'connection_init':
        return await this.#initialise(message.payload);
      case 'ping':
        return await this.#answerPing(message.payload);
      case 'pong':
        return;
      case 'subscribe':
        if (this.#state !== 'acknowledged') return this.close(CLOSE.UNAUTHORIZED, 'Unauthorized');
        return await this.#subscribe(message.id, message.payload);
      case 'complete': {
        const operation = this.#operations.get(message.id);
        if (operation) this.#release(operation);
      }
    }
  }

  async #initialise(payload: Readonly<Record<string, unknown>> | undefined): Promise<void> {
    if (this.#state !== 'new') {
      return this.close(CLOSE.TOO_MANY_INITIALISATION_REQUESTS, 'Too many initialisation requests');
    }
    this.#state = 'initialising';
    const authorization = readAuthorization(payload);
    const identity = await this.#authenticate(authorization, this.#handshake.claims);
    if (!identity || !this.#takeOn(identity)) return;
    clearTimeout(this.#initialisation);
    this.#initialisation = undefined;
    this.#state = 'acknowledged';
    this.#send(ACKNOWLEDGEMENT);
  }

  /** Undefined if the socket is being closed, or has been meanwhile. */
  async #authenticate(authorization: string | null, claims: string | null): Promise<Identity | undefined> {
    try {
      const identity = await this.#options.authenticator.authenticate({ authorization, claims });
      return this.#socket.readyState === this.#socket.OPEN ? identity : undefined;
    } catch (cause) {
      this.#options.log.debug({ err: cause }, 'socket refused');
      if ((cause as { code?: unknown }).code === 'UNAUTHENTICATED') this.#forbid('UNAUTHENTICATED');
      else this.close(CLOSE.TRY_AGAIN_LATER, 'SERVICE_UNAVAILABLE');
      return undefined;
    }
  }

  /** False if the person has too many sockets. */
  #takeOn(identity: Identity): boolean {
    if (identity.viewer && identity.viewer.id !== this.#identity?.viewer?.id) {
      const depart = this.#options.arrive(identity.viewer.id);
      if (!depart) {
        this.close(CLOSE.TOO_MANY_SOCKETS, 'Too many sockets of one person');
        return false;
      }
      this.#depart();
      this.#depart = depart;
    }
    this.#identity = identity;
    this.#forgetIdentity();
    this.#forgetIdentity = this.#options.watchIdentity(identity, (reason) => this.#forbid(reason));
    return true;
  }

  #forbid(reason: string): void {
    this.close(CLOSE.FORBIDDEN, reason, 'unauthenticated');
  }

  /** A ping that holds an access token of the same person and session prolongs the socket's life to that of the token. */
  async #answerPing(payload: Readonly<Record<string, unknown>> | undefined): Promise<void> {
    const authorization = readAuthorization(payload);
    if (authorization === null || this.#state !== 'acknowledged') return this.#send(pong(payload));
    const fresh = await this.#authenticate(authorization, null);
    if (!fresh) return;
    if (!isSamePerson(fresh, this.#identity)) return this.#forbid('The token is of another person, session or role.');
    this.#takeOn(fresh);
    this.#send(pong({ expiresAt: fresh.expiresAt?.toISOString() ?? null }));
  }

  async #subscribe(id: string, params: Extract<ClientMessage, { type: 'subscribe' }>['payload']): Promise<void> {
    if (this.#operations.has(id)) {
      return this.close(CLOSE.SUBSCRIBER_ALREADY_EXISTS, `Subscriber for ${id} already exists`);
    }
    if (this.#operations.size >= this.#options.policy.current.limits.webSocket.maxOperations) {
      return this.#send(error(id, [refusal('RATE_LIMITED', 'Too many operations on one socket.')]));
    }
    const operation = new RunningOperation(id, this);
    this.#operations.set(id, operation);
    const outcome = await this.#options.gateway.run({
      requestId: randomUUID(),
      params,
      allowed: ALL_TYPES,
      takesParts: true,
      header: (name) => this.#handshake.headers[name],
      identify: () => this.#identify(params),
      get signal() {
        return operation.signal;
      },
    });
    if (!operation.isOver) await this.#answer(operation, outcome);
  }

  async #answer(operation: RunningOperation, outcome: Outcome): Promise<void> {
    if (isLive(outcome)) return operation.follow(outcome);
    if (isStream(outcome)) return await this.#answerInParts(operation, outcome);
    if (outcome.errors?.length && !('data' in outcome)) return this.ended(operation, outcome.errors);
    this.#sendNext(operation, Buffer.from(writeResult(outcome)));
    this.ended(operation, undefined);
  }

  async #answerInParts(operation: RunningOperation, results: AsyncGenerator<Result>): Promise<void> {
    operation.signal.addEventListener('abort', () => void results.return(undefined), { once: true });
    try {
      for await (const result of results) {
        if (operation.isOver) return;
        this.#sendNext(operation, Buffer.from(writeResult(result)));
        if (this.#isFull()) await this.#room();
      }
    } catch (thrown) {
      if (!operation.isOver) this.ended(operation, [thrown as GraphQLError]);
      return;
    }
    if (!operation.isOver) this.ended(operation, undefined);
  }

  /** The socket's identity. Tools that cannot give connection parameters may name a person per operation, in development. */
  async #identify({ extensions }: Extract<ClientMessage, { type: 'subscribe' }>['payload']): Promise<Identity> {
    const known = this.#identity;
    if (!known) throw new Error('The socket was not acknowledged.');
    const authorization = this.#options.policy.current.developers.graphiql ? readAuthorization(extensions) : null;
    if (authorization === null || known.viewer !== null) return known;
    const identity = await this.#options.authenticator.authenticate({ authorization, claims: null });
    const forget = this.#options.watchIdentity(identity, (reason) => this.#forbid(reason));
    const forgetBefore = this.#forgetIdentity;
    this.#forgetIdentity = () => {
      forgetBefore();
      forget();
    };
    return identity;
  }

  #release(operation: RunningOperation): void {
    this.#operations.delete(operation.id);
    operation.leave('client');
    if (this.#operations.size === 0) this.#idleSince = performance.now();
  }

  #leaveAll(): void {
    for (const operation of this.#operations.values()) operation.leave(this.#leaveReason);
    this.#operations.clear();
  }

  #isFull(): boolean {
    return this.#socket.bufferedAmount > this.#options.policy.current.limits.webSocket.maxBufferedBytes;
  }

  /** Sends what waits as soon as the line has taken what was sent before. */
  #whenRoom(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#line.once('drain', () => {
      this.#isWaiting = false;
      for (const operation of this.#operations.values()) {
        const { waiting } = operation;
        operation.waiting = undefined;
        if (waiting) this.deliver(operation, waiting);
      }
    });
  }

  async #room(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#line.once('drain', resolve);
      this.#line.once('close', resolve);
    });
  }

  #tooSlow(): void {
    this.#options.metrics.slowCloses.inc();
    this.close(CLOSE.SLOW_READER, 'Slow reader: resume from the last cursor', 'slow');
    setTimeout(() => this.#socket.terminate(), HANG_UP_MS).unref();
  }

  #sendNext({ head }: RunningOperation, payload: Buffer): void {
    const headBytes = Buffer.byteLength(head);
    const message = Buffer.allocUnsafe(headBytes + payload.length + 1);
    message.write(head);
    payload.copy(message, headBytes);
    message[message.length - 1] = CLOSING_BRACE;
    this.#send(message);
  }

  #send(message: string | Buffer): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    // Events are bounded where they are delivered; this bounds all that a client asks for and does not read.
    if (
      this.#socket.bufferedAmount >
      HARD_LIMIT_TIMES * this.#options.policy.current.limits.webSocket.maxBufferedBytes
    ) {
      this.#tooSlow();
      return;
    }
    this.#socket.send(message, TEXT);
  }
}

const CLOSING_BRACE = '}'.charCodeAt(0);
/** Answers to queries may be larger than events: so many times the budget may wait for a client before it is too slow. */
const HARD_LIMIT_TIMES = 4;

/** Of the same session and with the same roles, so that what is open goes on as what it was admitted for. */
function isSamePerson({ viewer: fresh }: Identity, known: Identity | undefined): boolean {
  const viewer = known?.viewer;
  if (!fresh || !viewer) return false;
  return (
    fresh.id === viewer.id &&
    fresh.sessionId === viewer.sessionId &&
    fresh.roles.length === viewer.roles.length &&
    fresh.roles.every((role) => viewer.roles.includes(role))
  );
}
