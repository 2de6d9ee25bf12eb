import { expect, test } from 'vitest';
import { createSubgraphChecks } from './subgraph-checks.ts';

test('each subgraph must have answered once before the first client, and none afterwards', async () => {
  const live = {
    current: {
      subgraphUrls: new Map([
        ['a', 'http://a'],
        ['b', 'http://b'],
      ]),
    },
  };
  const up = new Set<string>();
  const asked: string[] = [];
  const { subgraphs } = createSubgraphChecks(live, {
    async answers(subgraph) {
      asked.push(subgraph);
      return up.has(subgraph);
    },
  });
  up.add('a');
  await expect(subgraphs()).rejects.toThrow('the subgraph at http://b does not answer the gateway');
  up.delete('a');
  up.add('b');
  await subgraphs();
  expect(asked).toEqual(['a', 'b', 'b']);
  live.current = { subgraphUrls: new Map([['c', 'http://c']]) };
  await subgraphs();
  expect(asked).toHaveLength(3);
});
