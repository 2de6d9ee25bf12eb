import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, createMetrics, supergraphVersion } from '@lyceum/service-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFileSource } from './file-source.ts';
import { openSupergraph, type ServedSupergraph, type SupergraphOptions } from './open-supergraph.ts';
import { smallSupergraph } from './small-supergraph.fixture.ts';
import { createSupergraphMetrics } from './supergraph-metrics.ts';
import type { SupergraphSource } from './supergraph-source.ts';

const log = createLogger('test', { level: 'silent' });
const BROKEN = 'type Query { broken';
const sdl = smallSupergraph();

let directory: string;
let file: string;
let open: ServedSupergraph[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lyceum-supergraph-'));
  file = join(directory, 'supergraph.graphql');
});
afterEach(async () => {
  await Promise.all(open.map((one) => one.close()));
  open = [];
  await rm(directory, { recursive: true });
});

async function serve(sources: readonly SupergraphSource[], options: Partial<SupergraphOptions> = {}) {
  const metrics = createMetrics('test');
  const served = await openSupergraph({
    sources,
    prepare: async () => {},
    metrics: createSupergraphMetrics(metrics),
    log,
    ...options,
  });
  open.push(served);
  return { served, metrics: () => metrics.registry.metrics() };
}

/** A source whose text the test sets. An Error is thrown to whoever reads. */
function source(kind: SupergraphSource['kind'], text: string | Error | null) {
  let changed = () => {};
  let reads = 0;
  return {
    kind,
    async read() {
      reads += 1;
      if (text instanceof Error) throw text;
      return text;
    },
    watch(wake: () => void) {
      changed = wake;
    },
    close() {},
    set(next: string | Error | null) {
      text = next;
      changed();
    },
    wake: () => changed(),
    get reads() {
      return reads;
    },
  };
}

test('a changed file takes effect, and one that does not load leaves the last good one', async () => {
  await writeFile(file, sdl);
  const { served } = await serve([createFileSource(file, log)]);
  const first = served.current.version;
  await writeFile(file, BROKEN);
  await writeFile(join(directory, 'another-file'), '');
  await writeFile(file, smallSupergraph(5002));
  await expect.poll(() => served.current.version).not.toBe(first);
  expect(served.current.subgraphUrls.get('fleet')).toBe('http://127.0.0.1:5002/graphql');

  const second = served.current.version;
  await writeFile(`${file}.new`, BROKEN);
  await rename(`${file}.new`, file);
  await expect.poll(() => served.status.faults).toBe(1);
  expect(served.current.version).toBe(second);
});

test('a supergraph that does not load at start is an error', async () => {
  await writeFile(file, BROKEN);
  await expect(serve([createFileSource(file, log)])).rejects.toThrow();
  await expect(serve([createFileSource(join(directory, 'none'), log)])).rejects.toThrow('ENOENT');
});

test('a refused supergraph is told by health and metrics until one loads, and is built once', async () => {
  const registry = source('url', sdl);
  const { served, metrics } = await serve([registry]);
  registry.set(BROKEN);
  await expect.poll(() => served.status.failing).toHaveLength(1);
  expect(served.status).toMatchObject({
    version: supergraphVersion(sdl),
    faults: 1,
    failing: [{ source: 'url', version: supergraphVersion(BROKEN) }],
  });
  expect(await metrics()).toMatch(/lyceum_gateway_supergraph_faults_total\{source="url"[^}]*\} 1/);
  const { reads } = registry;
  registry.wake();
  await expect.poll(() => registry.reads).toBe(reads + 1);
  expect(served.status.faults).toBe(1);

  registry.set(smallSupergraph(5002));
  const next = supergraphVersion(smallSupergraph(5002));
  await expect.poll(() => served.status).toMatchObject({ version: next, faults: 1, failing: [] });
  const text = await metrics();
  expect(text).toContain(`lyceum_gateway_supergraph_info{version="${next}"`);
  expect(text).not.toContain(supergraphVersion(sdl));
});

test('changes at the same time are loaded one after the other, and the last one serves', async () => {
  const registry = source('url', sdl);
  let preparing = 0;
  const most: number[] = [];
  const { served } = await serve([registry], {
    async prepare() {
      preparing += 1;
      most.push(preparing);
      await new Promise((done) => setImmediate(done));
      preparing -= 1;
    },
  });
  for (const port of [5002, 5003, 5004]) {
    registry.set(smallSupergraph(port));
    await new Promise((done) => setImmediate(done));
  }
  await expect.poll(() => served.current.version).toBe(supergraphVersion(smallSupergraph(5004)));
  expect(Math.max(...most)).toBe(1);
});

test('a graph that cannot be prepared does not serve, and the old one serves until the next is prepared', async () => {
  const registry = source('url', sdl);
  const replaced: string[] = [];
  let refuse = false;
  const opened = await serve([registry], {
    async prepare(next, serving) {
      if (refuse) throw new Error('cannot be planned');
      expect(next.version).not.toBe(serving?.version);
      if (serving) expect(opened.served.current.version).toBe(serving.version);
    },
  });
  opened.served.onReplaced((old) => replaced.push(old.version));
  const first = opened.served.current.version;
  refuse = true;
  registry.set(smallSupergraph(5002));
  await expect.poll(() => opened.served.status.faults).toBe(1);
  expect(opened.served.current.version).toBe(first);
  refuse = false;
  registry.set(smallSupergraph(5003));
  await expect.poll(() => replaced).toEqual([first]);
});

test('a publication outranks the file, and the file serves again when it is withdrawn', async () => {
  const publication = source('redis', null);
  const fallback = source('file', sdl);
  const { served } = await serve([publication, fallback]);
  expect(served.status.source).toBe('file');
  publication.set(smallSupergraph(5002));
  await expect.poll(() => served.status.source).toBe('redis');
  fallback.set(smallSupergraph(5003));
  publication.set(null);
  await expect.poll(() => served.status.source).toBe('file');
  expect(served.current.subgraphUrls.get('fleet')).toBe('http://127.0.0.1:5003/graphql');
});

test('a source that is away keeps what it gave last; one that never gave anything is passed over', async () => {
  const publication = source('redis', new Error('Redis is away'));
  const fallback = source('file', sdl);
  const { served } = await serve([publication, fallback]);
  expect(served.status).toMatchObject({ source: 'file', failing: [{ source: 'redis' }] });
  fallback.set(smallSupergraph(5002));
  await expect.poll(() => served.current.version).toBe(supergraphVersion(smallSupergraph(5002)));
  publication.set(smallSupergraph(5003));
  await expect.poll(() => served.status).toMatchObject({ source: 'redis', failing: [] });
  publication.set(new Error('Redis is away'));
  fallback.set(smallSupergraph(5004));
  await expect.poll(() => served.status.failing).toHaveLength(1);
  expect(served.current.version).toBe(supergraphVersion(smallSupergraph(5003)));
});
