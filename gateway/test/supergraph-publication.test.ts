import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  closeRedis,
  connectRedis,
  createLifecycle,
  createLogger,
  createMetrics,
  createRedisKeys,
  publishSupergraph,
  supergraphVersion,
  systemClock,
  withdrawSupergraph,
} from '@lyceum/service-kit';
import { cuttable, openTenant } from '@lyceum/testing';
import { expect, test } from 'vitest';
import { SupergraphPolicy } from '../src/config.ts';
import { createFileSource } from '../src/federation/supergraph/file-source.ts';
import { openSupergraph } from '../src/federation/supergraph/open-supergraph.ts';
import { createRedisSource } from '../src/federation/supergraph/redis-source.ts';
import { createSupergraphMetrics } from '../src/federation/supergraph/supergraph-metrics.ts';

const file = resolve(import.meta.dirname, '../../supergraph.graphql');
const sdl = await readFile(file, 'utf8');
const edition = (port: number) => sdl.replace('http://127.0.0.1:4002/graphql', `http://127.0.0.1:${port}/graphql`);
const log = createLogger('test', { level: 'silent' });
/** Nothing is found by asking again: what is seen was a wake-up, or a connection that came back. */
const POLICY = { current: { supergraph: { ...SupergraphPolicy.parse({}), pollMs: 600_000 } } };

/** What a gateway does, over a line that can be cut, and what a publisher does. */
async function bench(waitMs = 15_000) {
  const life = createLifecycle({ log });
  const tenant = life.own('tenant', await openTenant([]), (t) => t.close());
  const keys = createRedisKeys(tenant.id);
  const url = tenant.env.REDIS_URL ?? '';
  const line = life.own('line', await cuttable(url), (l) => l[Symbol.asyncDispose]());
  const connect = async (at: string, role: 'subscriber' | 'publisher') =>
    life.own(role, await connectRedis(at, role, { log, waitMs }), closeRedis);
  const publisher = await connect(url, 'publisher');
  return {
    line,
    publish: (text: string) => publishSupergraph(publisher, keys, text, systemClock.now()),
    withdraw: () => withdrawSupergraph(publisher, keys),
    async open() {
      // Waits longer for an answer than a cache does: a busy machine is no fault here.
      const redis = await connect(line.url, 'publisher');
      const subscriber = await connect(line.url, 'subscriber');
      const served = await openSupergraph({
        sources: [createRedisSource({ redis, subscriber, keys, policy: POLICY }), createFileSource(file, log)],
        prepare: async () => {},
        metrics: createSupergraphMetrics(createMetrics('test')),
        log,
      });
      return life.own('supergraph', served, (s) => s.close());
    },
    [Symbol.asyncDispose]: () => life.close(),
  };
}

test('a published supergraph reaches a running gateway at once, and the file serves again when it is withdrawn', async () => {
  await using b = await bench();
  const served = await b.open();
  expect(served.status).toMatchObject({ source: 'file', version: supergraphVersion(sdl), faults: 0 });
  await b.publish(edition(5002));
  await expect.poll(() => served.current.subgraphUrls.get('courses')).toBe('http://127.0.0.1:5002/graphql');
  await b.publish('type Query { broken');
  await expect.poll(() => served.status.faults).toBe(1);
  expect(served.status).toMatchObject({ source: 'redis', version: supergraphVersion(edition(5002)) });
  expect(await b.withdraw()).toBe(true);
  await expect.poll(() => served.status.source).toBe('file');
  expect(await b.withdraw()).toBe(false);
});

test('a gateway keeps what was published while Redis is away, and hears of what it missed', async () => {
  await using b = await bench();
  await b.publish(edition(5002));
  const served = await b.open();
  expect(served.status.source).toBe('redis');
  await b.line.cut();
  await b.publish(edition(5003));
  expect(served.status.version).toBe(supergraphVersion(edition(5002)));
  await b.line.mend();
  await expect.poll(() => served.status.version).toBe(supergraphVersion(edition(5003)));
});

test('a gateway that starts while Redis is away serves its file, and the publication once Redis is back', async () => {
  await using b = await bench(1_000);
  await b.publish(edition(5002));
  await b.line.cut();
  const served = await b.open();
  expect(served.status).toMatchObject({ source: 'file', failing: [{ source: 'redis' }] });
  await b.line.mend();
  await expect.poll(() => served.status).toMatchObject({ source: 'redis', failing: [] });
});
