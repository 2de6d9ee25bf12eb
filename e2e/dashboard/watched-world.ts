/**
 * A whole Lyceum whose services reach the databases over lines on which every statement is seen.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  openTenant,
  type Statement,
  stackCoordinates,
  startStack,
  type Tenant,
  type TestStack,
  type WatchedDatabase,
  watchDatabase,
} from '@lyceum/testing';
import { lyceum } from '../support/lyceum-cli.ts';

/** What a service asked of a shard, its primary or its replica. */
export interface Asked {
  readonly domain: string;
  readonly shard: string;
  readonly text: string;
}

export interface WatchedWorld extends AsyncDisposable {
  readonly tenant: Tenant;
  readonly stack: TestStack;
  /** What a request asks, a statement as often as in each of several tries: sweeps of the background fall into one. */
  asked(request: () => Promise<unknown>): Promise<Asked[]>;
}

/** How often a request is made to tell its statements from those of the background. */
export const TRIES = 3;
/** The pools that requests use: watches of the map and relays of the outboxes have their own. */
const REQUESTS = /^lyceum-[a-z]+-(read|write)$/;
/** On those pools too, and often: how far a server is. */
const PROBE = /pg_(current|last)_wal/;

/** With the courses of the seed. */
export async function openWatchedWorld(): Promise<WatchedWorld> {
  const opened = new AsyncDisposableStack();
  try {
    const tenant = opened.use(await openTenant(['users', 'courses', 'progress', 'ai']));
    const { code, output } = await lyceum(['seed'], tenant.env);
    if (code !== 0) throw new Error(`The seed failed:\n${output}`);
    await tenant.replicasCaughtUp();
    const lines: { shard: string; host: string; line: WatchedDatabase }[] = [];
    for (const { name: shard, primaryUrl, replicaUrl } of stackCoordinates().shards) {
      for (const url of [primaryUrl, replicaUrl]) {
        lines.push({ shard, host: new URL(url).host, line: opened.use(await watchDatabase(url)) });
      }
    }
    const over = (url: string) =>
      lines.reduce((text, { host, line }) => text.replaceAll(host, new URL(line.url).host), url);
    const env = Object.entries(tenant.env).map(([name, value]) => [
      name,
      name.startsWith('DATABASE_') ? over(value) : value,
    ]);
    const stack = opened.use(await startStack({ env: Object.fromEntries(env) }));
    const domainOf = ({ database }: Statement) => database.slice(database.indexOf('_') + 1);
    const take = (): Asked[] =>
      lines.flatMap(({ shard, line }) =>
        line
          .take()
          .filter(({ application, text }) => REQUESTS.test(application) && !PROBE.test(text))
          .map((statement) => ({ domain: domainOf(statement), shard, text: statement.text })),
      );
    return {
      tenant,
      stack,
      asked: async (request) => {
        const tries: Asked[][] = [];
        while (tries.length < TRIES) {
          take();
          await request();
          tries.push(take());
        }
        return tries.reduce(common);
      },
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

/** Of the statements of one try those that another has too, each as often as both have it. */
function common(asked: readonly Asked[], others: readonly Asked[]): Asked[] {
  const left = [...others];
  return asked.filter((one) => {
    const at = left.findIndex((other) => isDeepStrictEqual(one, other));
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}
