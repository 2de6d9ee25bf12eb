/**
 * A whole Lyceum whose services reach the databases over lines on which every statement is seen.
 */
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
  /** What requests asked since the last call. */
  asked(): Asked[];
}

/** What no request asks: the relays of the outboxes, and how far replicas are. */
const BACKGROUND = /^(BEGIN|COMMIT|LISTEN|UNLISTEN)|outbox_message|pg_(current|last)_wal|pg_try_advisory_xact_lock/;

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
    return {
      tenant,
      stack,
      asked: () =>
        lines.flatMap(({ shard, line }) =>
          line
            .take()
            .filter(({ text }) => !BACKGROUND.test(text))
            .map((statement) => ({ domain: domainOf(statement), shard, text: statement.text })),
        ),
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}
