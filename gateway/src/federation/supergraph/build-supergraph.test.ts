import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { buildSupergraph } from './build-supergraph.ts';

const sdl = await readFile(resolve(import.meta.dirname, '../../../../supergraph.graphql'), 'utf8');

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
