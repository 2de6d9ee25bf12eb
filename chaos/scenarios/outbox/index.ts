/**
 * Events leave two shards through two workers that are killed at random, into a Redis that is restarted twice.
 *
 * What lies in the streams in the end is compared with what was committed: all of it, in order per key by the first
 * delivery, and what is there twice bears the same id. The number of events of a key stays below what its stream keeps.
 */
import { join } from 'node:path';
import { freePort, type LocalRedis, startRedis, until } from '@lyceum/local-stack';
import { connectRedis, createLogger, createRedisKeys, sleep } from '@lyceum/service-kit';
import type { Chaos, Scenario } from '../../scenario.ts';
import { type Databases, openDatabases } from '../../support/databases.ts';
import { openEventWriter } from '../../support/event-writer.ts';
import { type RestartableService, restartableService } from '../../support/restartable-service.ts';
import { compare } from './comparison.ts';
import { readDeliveries } from './deliveries.ts';
import { EVENTS_PER_LEARNER, type Writing, write } from './load.ts';

interface Size {
  readonly learners: number;
  /** The longest that a worker lives once it is ready. */
  readonly lifeMs: number;
}

const FULL: Size = { learners: 500, lifeMs: 8_000 };
const QUICK: Size = { learners: 25, lifeMs: 1_500 };
const WORKERS = 2;
/** Redis is restarted when these shares of the events are committed. */
const RESTARTS = [1 / 3, 2 / 3];
const REDIS_DOWN_MS = 1_000;
/** No promise of speed: this machine may be busy. */
const PATIENCE_MS = 300_000;

export const outbox: Scenario = {
  name: 'outbox',
  promise: 'Every committed event leaves, in order per key, whichever worker is killed and though Redis is restarted.',
  async run(chaos) {
    const { learners, lifeMs } = chaos.quick ? QUICK : FULL;
    const { databases, redis, workers, env, keys } = await openStack(chaos);
    const writer = chaos.own(await openEventWriter(env), (w) => w.close());
    const expected = learners * EVENTS_PER_LEARNER;
    chaos.say(`${WORKERS} workers relay; ${expected} events of ${learners} learners are about to be committed`);

    const stopping = chaos.own(new AbortController(), (s) => s.abort());
    const writing: Writing = { committed: 0 };
    const begun = performance.now();
    const killing = Promise.all(workers.map((worker) => keepKilling(worker, lifeMs, stopping.signal)));
    const restarting = restartRedis(chaos, redis, () => writing.committed / expected, stopping.signal);
    killing.catch(() => {});
    restarting.catch(() => {});
    await write(writer, learners, writing);
    chaos.say(`${writing.committed} events are committed, ${await countWaiting(databases)} still wait`);
    const restarts = await restarting;
    stopping.abort();
    const kills = (await killing).reduce((sum, each) => sum + each, 0);

    const isEmpty = await until(async () => (await countWaiting(databases)) === 0, PATIENCE_MS, 200);
    const seconds = (performance.now() - begun) / 1_000;
    chaos.check('the outboxes are empty in the end', isEmpty, `after ${kills} kills`);
    const [letters] = await databases.read<{ count: number }>('progress', COUNT_DEAD, []);
    chaos.check('nothing went to the dead letters: Redis was away, not unwell', letters?.count === 0);

    const log = createLogger('chaos', { level: 'silent' });
    const reader = chaos.own(await connectRedis(redis.url, 'publisher', { log }), (r) => r.disconnect());
    const found = compare(await readDeliveries(reader, keys), writing.committed);
    chaos.check('every committed event was delivered', found.missing === 0, found.missing);
    chaos.check(
      'events of a key were first delivered in the order of their commits',
      found.outOfOrder === 0,
      found.outOfOrder,
    );
    chaos.check('what was delivered twice bears the same id', found.strangers === 0, `${found.duplicates} duplicates`);
    chaos.check('workers were killed and Redis was restarted', kills >= WORKERS && restarts === RESTARTS.length, {
      kills,
      restarts,
    });
    return {
      events: writing.committed,
      keys: found.keys,
      kills,
      redis_restarts: restarts,
      duplicates: found.duplicates,
      missing: found.missing,
      out_of_order: found.outOfOrder,
      events_per_second: Math.round(writing.committed / seconds),
    };
  },
};

const COUNT_WAITING = 'SELECT count(*)::integer AS count FROM outbox_message';
const COUNT_DEAD = 'SELECT count(*)::integer AS count FROM outbox_dead_letter';

async function countWaiting(databases: Databases): Promise<number> {
  const shards = await databases.read<{ count: number }>('progress', COUNT_WAITING, []);
  return shards.reduce((sum, { count }) => sum + count, 0);
}

/** Everything belongs to the run: it is closed when the scenario ends, also when this throws. */
async function openStack(chaos: Chaos) {
  const { folder } = chaos;
  const databases = chaos.own(await openDatabases(folder), (d) => d.close());
  const redis = chaos.own(await startRedis({ directory: join(folder, 'redis') }), (r) => r.stop());
  const env = {
    ...databases.env,
    HOST: '127.0.0.1',
    LOG_LEVEL: 'info',
    REDIS_URL: redis.url,
    REDIS_PREFIX: 'chaos',
    RELAY_DOMAINS: 'progress',
  };
  const workers: RestartableService[] = [];
  for (let n = 1; n <= WORKERS; n += 1) {
    const logFile = join(folder, `worker-${n}.log`);
    const worker = restartableService({ name: 'worker', port: await freePort(), env, logFile });
    workers.push(chaos.own(worker, (w) => w.stop()));
  }
  await Promise.all(workers.map((worker) => worker.start()));
  return { databases, redis, workers, env, keys: createRedisKeys('chaos') };
}

/** Returns how often. The worker runs in the end. */
async function keepKilling(worker: RestartableService, lifeMs: number, stopped: AbortSignal): Promise<number> {
  for (let kills = 0; ; kills += 1) {
    await sleep(Math.random() * lifeMs, stopped);
    if (stopped.aborted) return kills;
    await worker.kill();
    await worker.start();
  }
}

/** Returns how often. */
async function restartRedis(
  chaos: Chaos,
  redis: LocalRedis,
  shareCommitted: () => number,
  stopped: AbortSignal,
): Promise<number> {
  let restarts = 0;
  for (const share of RESTARTS) {
    await until(async () => stopped.aborted || shareCommitted() >= share, PATIENCE_MS, 20);
    if (stopped.aborted) break;
    chaos.say(`Redis is restarted, with ${Math.round(100 * shareCommitted())} % committed`);
    await redis.stop();
    await sleep(REDIS_DOWN_MS);
    await redis.start();
    restarts += 1;
  }
  return restarts;
}
