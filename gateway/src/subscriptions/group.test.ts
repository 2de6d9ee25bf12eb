/**
 * Sources that give the same events at their own pace, and members who come and go: whatever the order, each member hears
 * each event once.
 */
import { LyceumError } from '@lyceum/service-kit';
import { expect, test } from 'vitest';
import { refusal } from '../errors.ts';
import type { SubgraphResponse } from '../federation/subgraph-client.ts';
import { cursorOf } from './cursor.ts';
import { Group, type Topic } from './group.ts';
import { LiveMessage } from './live-message.ts';
import type { UpstreamSink } from './upstream/upstream-subscription.ts';

/** The subgraph's end of one upstream subscription: gives the next thing when told to. */
interface Upstream {
  /** Of the next event to give. */
  at: number;
  isOpened: boolean;
  isBusy: boolean;
  isClosed: boolean;
  sink: UpstreamSink;
}

/** A stream of numbered events; an event's cursor is its number, and an opening's one that no event has. */
class Stream implements Topic {
  readonly beginsWithState: boolean;
  readonly upstreams = new Set<Upstream>();
  length = 0;
  completed = 0;
  isEmpty = false;
  #openings = 0;

  constructor(beginsWithState = false) {
    this.beginsWithState = beginsWithState;
  }

  subscribe(from: string | null, sink: UpstreamSink): () => void {
    const at = from === null ? this.length + 1 : Number(from.split('.')[0]) + 1;
    const upstream = { at, isOpened: false, isBusy: false, isClosed: false, sink };
    this.upstreams.add(upstream);
    return () => {
      upstream.isClosed = true;
      this.upstreams.delete(upstream);
    };
  }

  async complete(event: SubgraphResponse): Promise<LiveMessage> {
    this.completed += 1;
    await new Promise((resolve) => setImmediate(resolve));
    return new LiveMessage(JSON.stringify(event), cursorOf(event));
  }

  toError = () => refusal('SUBGRAPH_UNAVAILABLE');

  onEmpty(): void {
    this.isEmpty = true;
  }

  /** One upstream subscription takes a step: its next event, or its opening when there is none. False if it waits for events. */
  async step(upstream: Upstream): Promise<boolean> {
    if (upstream.isBusy || upstream.isClosed) return false;
    const event = this.#next(upstream);
    if (!event) return false;
    upstream.isBusy = true;
    await upstream.sink.event(event);
    upstream.isBusy = false;
    return true;
  }

  #next(upstream: Upstream): SubgraphResponse | undefined {
    if (upstream.at <= this.length) {
      const n = upstream.at;
      upstream.at += 1;
      return { data: { n }, extensions: { cursor: String(n) } };
    }
    if (upstream.isOpened) return undefined;
    upstream.isOpened = true;
    this.#openings += 1;
    return { extensions: { cursor: `${this.length}.${this.#openings}` } };
  }

  /** Everybody takes all steps there are. */
  async settle(): Promise<void> {
    for (let moved = true; moved; ) {
      moved = false;
      for (const upstream of [...this.upstreams]) if (await this.step(upstream)) moved = true;
    }
  }
}

/** A member, and what it has heard. */
function listen(group: Group, cursor: string | null | undefined) {
  const heard: number[] = [];
  const openings: string[] = [];
  let last = cursor ?? undefined;
  const errors: unknown[] = [];
  const member = group.join(
    {
      next(message) {
        last = message.cursor;
        if (message.isOpening) openings.push(String(message.cursor));
        else heard.push(JSON.parse(String(message.payload)).data.n);
      },
      end: (ended) => errors.push(ended ?? null),
    },
    cursor,
  );
  return { member, heard, openings, errors, last: () => last };
}

/** Small and seeded, so that a failure can be run again. */
function seeded(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test.each([...Array(200).keys()])(
  'members who come, go and come back hear each event once and in order: seed %i',
  async (seed) => {
    const random = seeded(seed);
    const stream = new Stream();
    const group = new Group(stream);
    const members: { state: ReturnType<typeof listen>; first: number; isGone: boolean }[] = [];
    const steps: Promise<unknown>[] = [];
    for (let turn = 0; turn < 150; turn += 1) {
      const choice = random(10);
      const known = members[random(members.length || 1)];
      if (choice < 3) stream.length += 1;
      else if (choice < 4) members.push({ state: listen(group, null), first: Number.NaN, isGone: false });
      else if (choice < 5 && known?.state.last() !== undefined) {
        const cursor = known.state.last()!;
        members.push({ state: listen(group, cursor), first: Number(cursor.split('.')[0]) + 1, isGone: false });
      } else if (choice < 6 && known && !known.isGone) {
        known.isGone = true;
        group.leave(known.state.member);
      } else {
        const upstreams = [...stream.upstreams];
        const upstream = upstreams[random(upstreams.length || 1)];
        if (upstream) steps.push(stream.step(upstream));
        if (random(3) === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    }
    await Promise.all(steps);
    await stream.settle();
    // The next event brings together all who stand at the same place.
    stream.length += 1;
    await stream.settle();
    expect(stream.upstreams.size).toBeLessThanOrEqual(1);

    for (const { state, first, isGone } of members) {
      const { heard, openings } = state;
      const begin = heard[0] ?? stream.length + 1;
      expect(heard).toEqual(heard.map((_n, at) => begin + at));
      if (isGone) continue;
      if (!Number.isNaN(first)) expect(begin).toBe(first);
      expect(heard.at(-1)).toBe(stream.length);
      expect(openings).toHaveLength(1);
    }
  },
);

test('who subscribes later hears nothing of before, and is told at once where the subscription stands', async () => {
  const stream = new Stream();
  const group = new Group(stream);
  const first = listen(group, null);
  await stream.settle();
  stream.length = 2;
  await stream.settle();
  const second = listen(group, null);
  expect(second.openings).toEqual(['2']);
  stream.length = 3;
  await stream.settle();
  expect([first.heard, second.heard]).toEqual([[1, 2, 3], [3]]);
  expect(stream.completed).toBe(3);
});

test('a thousand who come back to the same cursor at the same time cost one upstream subscription, then none', async () => {
  const stream = new Stream();
  const group = new Group(stream);
  const first = listen(group, null);
  await stream.settle();
  stream.length = 5;
  await stream.settle();
  const back = Array.from({ length: 1_000 }, () => listen(group, '3'));
  expect(stream.upstreams.size).toBe(2);
  await stream.settle();
  expect(stream.upstreams.size).toBe(1);
  stream.length = 6;
  await stream.settle();
  expect(first.heard).toEqual([1, 2, 3, 4, 5, 6]);
  for (const { heard } of back) expect(heard).toEqual([4, 5, 6]);
  expect(stream.completed).toBe(5 + 2 + 1);
});

test('who is owed the state gets it from a subscription of its own, then shares that of the others', async () => {
  const stream = new Stream(true);
  const group = new Group(stream);
  const first = listen(group, null);
  await stream.settle();
  const second = listen(group, null);
  expect(stream.upstreams.size).toBe(2);
  await stream.settle();
  stream.length = 1;
  await stream.settle();
  expect(stream.upstreams.size).toBe(1);
  expect([first.heard, second.heard]).toEqual([[1], [1]]);
});

test('when the last one leaves, nothing is left behind', async () => {
  const stream = new Stream();
  const group = new Group(stream);
  const [one, other] = [listen(group, null), listen(group, '0')];
  await stream.settle();
  group.leave(one.member);
  expect(stream.isEmpty).toBe(false);
  group.leave(other.member);
  group.leave(other.member);
  expect(stream.isEmpty).toBe(true);
  expect(stream.upstreams.size).toBe(0);
});

test('who comes back hears what was told without a cursor since, from a subscription of its own', async () => {
  const stream = new Stream();
  const group = new Group(stream);
  const stays = listen(group, null);
  await stream.settle();
  stream.length = 1;
  await stream.settle();
  const [upstream] = [...stream.upstreams];
  await upstream?.sink.event({ data: { n: 100 } });
  const back = listen(group, '1');
  expect(stream.upstreams.size).toBe(2);
  stream.length = 2;
  await stream.settle();
  expect([stays.heard, back.heard]).toEqual([[1, 100, 2], [2]]);
  expect(stream.upstreams.size).toBe(1);
});

test('what fails upstream ends those alone who depend on it', async () => {
  const stream = new Stream();
  const group = new Group(stream);
  const live = listen(group, null);
  await stream.settle();
  stream.length = 3;
  const expired = listen(group, '1');
  const [, upstream] = [...stream.upstreams];
  upstream?.sink.ended(new LyceumError('CURSOR_EXPIRED'));
  expect(expired.errors).toHaveLength(1);
  await stream.settle();
  expect(live.heard).toEqual([1, 2, 3]);
  expect(live.errors).toEqual([]);
});

test('what is asked anew, since the graph has changed, goes on from where it stood', async () => {
  const stream = new Stream();
  const group = new Group(stream);
  const one = listen(group, null);
  await stream.settle();
  stream.length = 4;
  const [upstream] = [...stream.upstreams];
  const step = upstream && stream.step(upstream);
  group.restart();
  await step;
  await stream.settle();
  expect(one.heard).toEqual([1, 2, 3, 4]);
});
