/**
 * All who subscribe to the same: one upstream subscription serves them, however many they are.
 *
 * Who comes with a cursor, or must be told first how things stand, is served by a source of its own until that one stands
 * where the group's live source stands; then it joins. Sources give the same events in the same order, one at a time, so
 * whichever was behind meets the other. Those who come back to the same cursor at the same time share one such source.
 */
import type { LyceumError } from '@lyceum/service-kit';
import type { GraphQLError } from 'graphql';
import type { SubgraphResponse } from '../federation/subgraph-client.ts';
import type { LiveMessage } from './live-message.ts';
import type { Subscriber } from './live-operation.ts';
import { type Member, Source, type SourceGroup } from './source.ts';
import type { UpstreamSink } from './upstream/upstream-subscription.ts';

/** What the members of a group subscribe to. */
export interface Topic {
  /** Whether who comes without a cursor may be owed the state as it is. */
  readonly beginsWithState: boolean;
  subscribe(from: string | null, sink: UpstreamSink): () => void;
  /** Never rejects. */
  complete(event: SubgraphResponse, isReplayed: boolean): Promise<LiveMessage>;
  /** How members are told that a source has failed. */
  toError(error: LyceumError): GraphQLError;
  /** Nobody subscribes any more. */
  onEmpty(): void;
}

export class Group implements SourceGroup {
  readonly #topic: Topic;
  /** Gives what happens from now on. */
  #live: Source | undefined;
  readonly #catchingUp = new Set<Source>();

  constructor(topic: Topic) {
    this.#topic = topic;
  }

  /** `cursor` is null for who has none yet, undefined for who knows no cursors. */
  join(subscriber: Subscriber, cursor: string | null | undefined): Member {
    const source = this.#sourceFor(cursor ?? null);
    const member: Member = { subscriber, awaitsOpening: cursor !== undefined, source };
    source.add(member);
    if (!source.isStarted) source.start();
    return member;
  }

  leave(member: Member): void {
    const { source } = member;
    if (!source.members.delete(member) || source.members.size > 0) return;
    this.#drop(source);
    this.#settle();
  }

  /** Asks anew for what the topic asks now, without a gap. */
  restart(): void {
    for (const source of this.#sources()) source.start();
  }

  /** Ends it for everybody. */
  end(error: GraphQLError): void {
    for (const source of this.#sources()) this.#endMembers(source, [error]);
    this.#topic.onEmpty();
  }

  subscribe(from: string | null, sink: UpstreamSink): () => void {
    return this.#topic.subscribe(from, sink);
  }

  complete(event: SubgraphResponse, isReplayed: boolean): Promise<LiveMessage> {
    return this.#topic.complete(event, isReplayed);
  }

  moved(source: Source): void {
    const behind = source === this.#live ? this.#catchingUp : [source];
    for (const other of [...behind]) this.#joinLive(other);
    this.#settle();
  }

  ended(source: Source, error: LyceumError | undefined): void {
    this.#endMembers(source, error && [this.#topic.toError(error)]);
    this.#settle();
  }

  #sourceFor(cursor: string | null): Source {
    const live = this.#live;
    const beginsNow = cursor === null && !this.#topic.beginsWithState;
    if (live && (beginsNow || live.meetsAt === cursor)) return live;
    if (!beginsNow) {
      for (const known of this.#catchingUp) if (known.isFresh && known.from === cursor) return known;
    }
    const source = new Source(this, cursor);
    if (beginsNow) this.#live = source;
    else this.#catchingUp.add(source);
    return source;
  }

  /** If it stands where the live source stands. */
  #joinLive(source: Source): void {
    const live = this.#live;
    if (!live || source.meetsAt === undefined || source.meetsAt !== live.meetsAt) return;
    const members = [...source.members];
    source.members.clear();
    this.#drop(source);
    for (const member of members) live.add(member);
  }

  /** Without a live source, one that has caught up takes its place; the others may stand where it does. */
  #settle(): void {
    if (this.#live) return;
    for (const source of this.#catchingUp) {
      if (!source.isCaughtUp) continue;
      this.#catchingUp.delete(source);
      this.#live = source;
      this.moved(source);
      return;
    }
    if (this.#catchingUp.size === 0) this.#topic.onEmpty();
  }

  #endMembers(source: Source, errors: readonly GraphQLError[] | undefined): void {
    const members = [...source.members];
    source.members.clear();
    this.#drop(source);
    for (const { subscriber } of members) subscriber.end(errors);
  }

  #drop(source: Source): void {
    source.close();
    this.#catchingUp.delete(source);
    if (this.#live === source) this.#live = undefined;
  }

  #sources(): Source[] {
    return [...(this.#live ? [this.#live] : []), ...this.#catchingUp];
  }
}
