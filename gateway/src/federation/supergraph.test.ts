import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createLogger } from '@lyceum/service-kit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { buildSupergraph, openSupergraph } from './supergraph.ts';

const log = createLogger('test', { level: 'silent' });
const sdl = await readFile(resolve(import.meta.dirname, '../../../supergraph.graphql'), 'utf8');

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lyceum-supergraph-'));
  file = join(directory, 'supergraph.graphql');
});
afterEach(() => rm(directory, { recursive: true }));

test('clients see the graph without what federation adds', () => {
  const { schema } = buildSupergraph(sdl);
  expect(schema.getType('Course')).toBeDefined();
  expect(
    Object.keys(schema.getTypeMap()).filter((name) => /^(join__|link__|_Any|_Entity|_Service)/.test(name)),
  ).toEqual([]);
});

test('the environment overrides the address of a subgraph', () => {
  const { subgraphUrls } = buildSupergraph(sdl, { users: 'http://10.0.0.7:80/graphql' });
  expect(subgraphUrls.get('users')).toBe('http://10.0.0.7:80/graphql');
  expect(subgraphUrls.get('courses')).toBe('http://127.0.0.1:4002/graphql');
});

test('a changed supergraph takes effect, and one that does not load leaves the last good one', async () => {
  await writeFile(file, sdl);
  const supergraph = await openSupergraph({ file, log });
  try {
    const first = supergraph.current.version;
    await writeFile(file, 'type Query { broken');
    await writeFile(join(directory, 'another-file'), '');
    await writeFile(file, sdl.replace('http://127.0.0.1:4002/graphql', 'http://127.0.0.1:5002/graphql'));
    await vi.waitFor(() => expect(supergraph.current.version).not.toBe(first), { timeout: 5_000 });
    expect(supergraph.current.subgraphUrls.get('courses')).toBe('http://127.0.0.1:5002/graphql');

    const second = supergraph.current;
    await writeFile(file, 'type Query { broken');
    await vi.waitFor(() => expect(supergraph.faults).toBe(1), { timeout: 5_000 });
    expect(supergraph.current).toBe(second);
  } finally {
    supergraph.close();
  }
});

test('a supergraph that does not load at start is an error', async () => {
  await writeFile(file, 'type Query { broken');
  await expect(openSupergraph({ file, log })).rejects.toThrow();
});
