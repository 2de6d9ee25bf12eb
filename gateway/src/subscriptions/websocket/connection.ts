/**
 * One client's socket: says who it is, then runs operations of every type through the gateway's pipeline.
 *
 * It is closed with 4403 when its token expires, unless the client hands in a fresh one by a `ping` that holds it; with 4450 if
 * the client reads too slowly.
 */
import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Live, Logger } from '@lyceum/service-kit';
import type { WebSocket } from 'ws';
import type { Authenticator } from '../../auth/authenticator.ts';
import { type Identity, isSamePerson } from '../../auth/identity.ts';
import type { WatchIdentity } from '../../auth/identity-end.ts';
import type { GatewayPolicy } from '../../config.ts';
import { refusal } from '../../errors.ts';
import type { Gateway } from '../../gateway.ts';
import type { SubscriptionMetrics } from '../../observability/subscription-metrics.ts';
import type { Arrive } from '../arrivals.ts';
import type { LeaveReason } from '../live-operation.ts';
import { callWhenTaken, type Line, MultiplexedOperations } from '../multiplexed-operations.ts';
import { readAuthorization } from './authorization.ts';
import {
  ACKNOWLEDGEMENT,
  CLOSE,
  type ClientMessage,
  closeReason,
  closeSoon,
  error,
  pong,
  readMessage,
  WORDING,
} from './protocol.ts';

/** Shared by all sockets. */
export interface ConnectionOptions {
  readonly gateway: Gateway;
  readonly authenticator: Authenticator;
  readonly watchIdentity: WatchIdentity;
  readonly policy: Live<GatewayPolicy>;
  readonly metrics: SubscriptionMetrics;
  readonly log: Logger;
  readonly arrive: Arrive;
}

/** What is kept of the request that opened the socket. */
export interface Handshake {
  /** The header with internal claims. */
  readonly claims: string | null;
  /** Those that subgraphs may be told, and by which a client behind a proxy is known. */
  readonly headers: Readonly<Record<string, string>>;
  readonly address: string | undefined;
}

const ALL_TYPES = new Set(['query', 'mutation', 'subscription'] as const);
const TEXT = { binary: false, compress: false };

export class Connection implements Line {
  readonly #options: ConnectionOptions;
  readonly #socket: WebSocket;
  /** What the WebSocket writes to: tells when there is room again. */
  readonly #stream: Duplex;
  readonly #handshake: Handshake;
  readonly #operations: MultiplexedOperations;
  #state: 'new' | 'initialising' | 'acknowledged' = 'new';
  #identity: Identity | undefined;
  #initialisation: NodeJS.Timeout | undefined;
  #forgetIdentity = () => {};
  #depart = () => {};
  #leaveReason: LeaveReason = 'client';
  #isAnswered = true;

  constructor(socket: WebSocket, stream: Duplex, handshake: Handshake, options: ConnectionOptions) {
    this.#options = options;
    this.#socket = socket;
    this.#stream = stream;
    this.#handshake = handshake;
    this.#operations = new MultiplexedOperations(this, WORDING, options);
    this.#initialisation = setTimeout(
      () => this.close(CLOSE.INITIALISATION_TIMEOUT, 'Connection initialisation timeout'),
      options.policy.current.limits.webSocket.initialisationMs,
    );
  }

  /** One message of the client; null for one that is no text. Never throws. */
  receive(text: string | null): void {
    // One that is being closed, perhaps since its session has ended, asks for nothing more.
    if (!this.isOpen) return;
    let message: ClientMessage;
    try {
      if (text === null) throw new Error('Message is not text');
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
    if (this.#operations.areIdle) {
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
    this.#operations.leaveAll(this.#leaveReason);
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
    this.#operations.leaveAll(this.#leaveReason);
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  get buffered(): number {
    return this.#socket.bufferedAmount;
  }

  write(message: string | Buffer): void {
    this.#socket.send(message, TEXT);
  }

  whenTaken(go: () => void): void {
    callWhenTaken(this.#stream, go);
  }

  giveUp(): void {
    this.#operations.leaveAll('slow');
    closeSoon(this.#socket, CLOSE.SLOW_READER, 'Slow reader: resume from the last cursor');
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
      case 'complete':
        return this.#operations.leave(message.id);
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
    this.#operations.send(ACKNOWLEDGEMENT);
  }

  /** Undefined if the socket is being closed, or has been meanwhile. */
  async #authenticate(authorization: string | null, claims: string | null): Promise<Identity | undefined> {
    try {
      const identity = await this.#options.authenticator.authenticate({ authorization, claims });
      return this.isOpen ? identity : undefined;
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
    if (authorization === null || this.#state !== 'acknowledged') return this.#operations.send(pong(payload));
    const fresh = await this.#authenticate(authorization, null);
    if (!fresh) return;
    if (!this.#identity || !isSamePerson(fresh, this.#identity)) {
      return this.#forbid('The token is of another person, session or role.');
    }
    this.#takeOn(fresh);
    this.#operations.send(pong({ expiresAt: fresh.expiresAt?.toISOString() ?? null }));
  }

  async #subscribe(id: string, params: Extract<ClientMessage, { type: 'subscribe' }>['payload']): Promise<void> {
    if (this.#operations.has(id)) {
      return this.close(CLOSE.SUBSCRIBER_ALREADY_EXISTS, `Subscriber for ${id} already exists`);
    }
    if (this.#operations.areTooMany) {
      return this.#operations.send(error(id, [refusal('RATE_LIMITED', 'Too many operations on one socket.')]));
    }
    const operation = this.#operations.begin(id);
    const outcome = await this.#options.gateway.run({
      requestId: randomUUID(),
      params,
      allowed: ALL_TYPES,
      takesParts: true,
      header: (name) => this.#handshake.headers[name],
      address: this.#handshake.address,
      identify: () => this.#identify(params),
      get signal() {
        return operation.signal;
      },
    });
    await this.#operations.answer(operation, outcome);
  }

  /** The socket's identity. Tools that cannot give connection parameters may name a person per operation, in development. */
  async #identify({ extensions }: Extract<ClientMessage, { type: 'subscribe' }>['payload']): Promise<Identity> {
    const known = this.#identity;
    if (!known) throw new Error('The socket was not acknowledged.');
    const authorization = this.#options.policy.current.developers.graphiql ? readAuthorization(extensions) : null;
    if (authorization === null || known.viewer !== null) return known;
    const identity = await this.#options.authenticator.authenticate({ authorization, claims: null });
    if (!this.isOpen) return identity;
    const forget = this.#options.watchIdentity(identity, (reason) => this.#forbid(reason));
    const forgetBefore = this.#forgetIdentity;
    this.#forgetIdentity = () => {
      forgetBefore();
      forget();
    };
    return identity;
  }
}
