/**
 * One upstream subscription and those who listen to it: each event is completed by other subgraphs once, written once, and
 * handed to all of them.
 *
 * Two sources of one group whose last events have equal cursors stand at the same place.
 */
import type { LyceumError } from '@lyceum/service-kit';
import type { SubgraphResponse } from '../federation/subgraph-client.ts';
import { cursorOf, isOpening } from './cursor.ts';
import { LiveMessage } from './live-message.ts';
import type { Subscriber } from './live-operation.ts';
import type { UpstreamSink } from './upstream/upstream-subscription.ts';

/** A subscriber and the source it listens to at present. */
export interface Member {
  readonly subscriber: Subscriber;
  /** Whether it is still to be told that it has caught up. */
  awaitsOpening: boolean;
  source: Source;
}

/** What a source needs of its group. */
export interface SourceGroup {
  /** Subscribes from there on; returns the way to end it. */
  subscribe(from: string | null, sink: UpstreamSink): () => void;
  /** The event as everybody gets it. Never rejects. */
  complete(event: SubgraphResponse, isReplayed: boolean): Promise<LiveMessage>;
  /** The source has moved on to its head, or has caught up. */
  moved(source: Source): void;
  ended(source: Source, error: LyceumError | undefined): void;
}

export class Source {
  /** Where it began; null for now, or for the state as it is. */
  readonly from: string | null;
  readonly members = new Set<Member>();
  /** Where to go on. */
  head: string | undefined;
  /** Its head, if all that it has given since has a cursor: sources that stand there have given the same. */
  meetsAt: string | undefined;
  /** Whether nothing stood behind its head at some time: from then on it is as good as any that began with now. */
  isCaughtUp = false;
  /** Whether it has given nothing yet, so that who joins now hears all of it. */
  isFresh = true;
  readonly #group: SourceGroup;
  /** Grows when the upstream subscription is replaced. */
  #edition = 0;
  #close: () => void = () => {};

  constructor(group: SourceGroup, from: string | null) {
    this.#group = group;
    this.from = from;
    this.head = from ?? undefined;
    this.meetsAt = this.head;
  }

  get isStarted(): boolean {
    return this.#edition !== 0;
  }

  /** Also replaces the upstream subscription by one for what the group asks now, without a gap. */
  start(): void {
    this.#close();
    this.#edition += 1;
    const edition = this.#edition;
    this.#close = this.#group.subscribe(this.head ?? null, {
      event: (event) => this.#take(event, edition),
      ended: (error) => this.#group.ended(this, error),
    });
  }

  close(): void {
    this.#edition = -1;
    this.#close();
  }

  /** A member who has heard all up to the head. */
  add(member: Member): void {
    member.source = this;
    this.members.add(member);
    if (this.isCaughtUp) this.#tellOpening(member);
  }

  async #take(event: SubgraphResponse, edition: number): Promise<void> {
    const cursor = cursorOf(event);
    if (cursor !== undefined && isOpening(event)) {
      this.head = cursor;
      this.meetsAt = cursor;
      this.isCaughtUp = true;
      for (const member of this.members) this.#tellOpening(member);
    } else {
      const message = await this.#group.complete(event, this.from !== null && !this.isCaughtUp);
      // A replaced subscription gives the event anew, unless it knows no cursors.
      if (this.#edition === -1 || (edition !== this.#edition && cursor !== undefined)) return;
      this.isFresh = false;
      this.head = cursor ?? this.head;
      this.meetsAt = cursor;
      for (const { subscriber } of this.members) subscriber.next(message);
    }
    this.#group.moved(this);
  }

  #tellOpening(member: Member): void {
    if (!member.awaitsOpening || this.head === undefined) return;
    member.awaitsOpening = false;
    member.subscriber.next(LiveMessage.opening(this.head));
  }
}
