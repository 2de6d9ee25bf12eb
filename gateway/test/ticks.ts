/**
 * Subscriptions for a test's subgraph: numbered ticks that can be resumed from a cursor, and fields that fail.
 */
import { EventEmitter, once } from 'node:events';
import type { BaseContext } from '@lyceum/subgraph-kit';

export const TICKS_LINK = `
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@composeDirective"])
  @link(url: "https://lyceum.example/subscriptions/v1.0", import: ["@delivery"])
  @composeDirective(name: "@delivery")`;

export const TICKS_TYPES = `
  enum DeliveryPolicy { EVERY LATEST }
  directive @delivery(policy: DeliveryPolicy! = EVERY, beginsWithState: Boolean! = false) on FIELD_DEFINITION
  type Tick { n: Int! filler: String! book: Book! }
  enum Fault { SUBSCRIBE REJECT NO_SOURCE SOURCE SOURCE_WITHOUT_ERROR RESOLVE RESOLVE_WITHOUT_ERROR ENRICHMENT }
  extend type Subscription {
    everyTick: Tick! @delivery(policy: EVERY)
    latestTick: Tick! @delivery(policy: LATEST)
    "Fails as it is asked to, after one tick where that is possible."
    faulty(how: Fault!): Tick!
  }`;

interface Tick {
  readonly n: number;
  readonly filler: string;
  readonly book: { readonly id: string };
}

/** The reference of it throws. */
export const BROKEN_BOOK = 'broken';
const TOPIC = 'ticks';
const tick = (n: number, bytes = 0, id = 'b1'): Tick => ({ n, filler: 'x'.repeat(bytes), book: { id } });
const place = (n: number) => ({ entry: `${n}-0`, asOf: 0 });

export function createTicks() {
  const ticks: Tick[] = [];
  const bus = new EventEmitter().setMaxListeners(0);
  let followers = 0;

  async function* follow(_: unknown, __: unknown, { resume, signal }: BaseContext) {
    followers += 1;
    try {
      const from = resume?.placeIn(TOPIC);
      let at = from ? Number.parseInt(from.entry, 10) : ticks.length;
      for (let isOpened = false; ; ) {
        for (let next = ticks[at]; next; next = ticks[at]) {
          at += 1;
          resume?.mark(next, TOPIC, place(at));
          yield next;
        }
        if (!isOpened) resume?.opened(TOPIC, place(at));
        isOpened = true;
        await once(bus, TOPIC, { signal });
      }
    } finally {
      followers -= 1;
    }
  }

  async function* failing(how: string) {
    yield tick(1);
    if (how === 'SOURCE') throw new Error('the source has failed');
    if (how === 'SOURCE_WITHOUT_ERROR') throw 'a text';
    yield tick(2, 0, how === 'ENRICHMENT' ? BROKEN_BOOK : 'b1');
  }

  const resolve = (event: Tick) => event;
  return {
    /** Tells everybody who follows. Numbered from 1. */
    emit(count = 1, bytes = 0): void {
      for (let more = count; more > 0; more -= 1) ticks.push(tick(ticks.length + 1, bytes));
      bus.emit(TOPIC);
    },
    get followers() {
      return followers;
    },
    get last() {
      return ticks.length;
    },
    resolvers: {
      everyTick: { subscribe: follow, resolve },
      latestTick: { subscribe: follow, resolve },
      faulty: {
        subscribe(_: unknown, { how }: { how: string }) {
          if (how === 'SUBSCRIBE') throw new Error('it cannot be subscribed to');
          if (how === 'REJECT') return Promise.reject(new Error('it cannot be subscribed to'));
          if (how === 'NO_SOURCE') return { not: 'a source' };
          return failing(how);
        },
        resolve(event: Tick, { how }: { how: string }) {
          if (event.n === 1 || !how.startsWith('RESOLVE')) return event;
          throw how === 'RESOLVE' ? new Error('the event cannot be resolved') : 'a text';
        },
      },
    },
  };
}
