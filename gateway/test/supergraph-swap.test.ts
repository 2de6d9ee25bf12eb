import { supergraphVersion } from '@lyceum/service-kit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openGateway, type TestGateway } from './harness.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway.close());

async function health() {
  const response = await fetch(`${gateway.origin}/health/ready`);
  const { details } = (await response.json()) as { details: { supergraph: { version: string; failing: object[] } } };
  return { status: response.status, ...details.supergraph };
}

test('an operation under way is finished on the graph it began with, and the next one runs on the new graph', async () => {
  const { sdl } = gateway.subgraphs;
  const underWay = gateway.ask('{ slow }');
  await expect.poll(() => gateway.subgraphs.calls).toContain('people.slow');
  const without = sdl.replace(/\n.*\n +slow: String!.*/, '');
  await gateway.setSupergraph(without);
  await expect.poll(async () => (await health()).version).toBe(supergraphVersion(without));
  expect((await gateway.ask('{ slow }')).errors?.[0]?.message).toMatch(/Cannot query field "slow"/);
  expect((await gateway.ask('{ books { title } }')).data).toMatchObject({ books: [{}, {}] });
  gateway.subgraphs.release();
  expect(await underWay).toMatchObject({ status: 200, data: { slow: 'at last' } });
});

test('a broken supergraph is told by health, and the gateway stays ready and answers', async () => {
  const { version } = await health();
  await gateway.setSupergraph('type Query { broken');
  await expect.poll(async () => (await health()).failing).toMatchObject([{ source: 'file' }]);
  expect(await health()).toMatchObject({ status: 200, version });
  expect((await gateway.ask('{ books { title } }')).data).toMatchObject({ books: [{}, {}] });
  await gateway.setSupergraph(gateway.subgraphs.sdl);
  await expect.poll(async () => (await health()).failing).toEqual([]);
});
