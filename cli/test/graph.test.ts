import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort, releasePort, type ServiceProcess, spawnService } from '@lyceum/local-stack';
import { eventually, openTenant, type Tenant } from '@lyceum/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lyceum } from './support.ts';

const supergraphFile = resolve(import.meta.dirname, '../../supergraph.graphql');
let tenant: Tenant;
let folder: string;
beforeAll(async () => {
  tenant = await openTenant([]);
  folder = await mkdtemp(join(tmpdir(), 'lyceum-graph-'));
});
afterAll(async () => {
  await tenant.close();
  await rm(folder, { recursive: true });
});

async function fileOf(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

describe('with a gateway', () => {
  let gateway: ServiceProcess;
  let env: Record<string, string>;
  beforeAll(async () => {
    gateway = spawnService('gateway', {
      port: await freePort(),
      env: tenant.env,
      logFile: join(folder, 'gateway.log'),
    });
    env = { ...tenant.env, GATEWAY_URL: `${gateway.url}/graphql` };
    // Its subgraphs do not exist, so it is never ready.
    await eventually(
      () =>
        fetch(`${gateway.url}/health/live`).then(
          ({ ok }) => ok,
          () => false,
        ),
      { timeoutMs: 60_000 },
    );
  });
  afterAll(() => gateway.stop());

  test('a supergraph is published, refused, shown and withdrawn, and each time the gateway says what it serves', async () => {
    const sdl = await readFile(supergraphFile, 'utf8');
    const published = await lyceum(['graph', 'publish', await fileOf('good.graphql', `${sdl}\n# another`)], env);
    expect(published).toMatchObject({ code: 0, stderr: '' });
    expect(published.stdout).toMatch(/^Published [0-9a-f]{12}\.\nThe gateway at \S+ serves it\.\n$/);

    const unusable = sdl.replaceAll('@join__graph(', '@join__unknown(');
    const refused = await lyceum(['graph', 'publish', await fileOf('unusable.graphql', unusable)], env);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/refused it and goes on with [0-9a-f]{12}/);

    const shown = await lyceum(['graph', 'show'], env);
    expect(shown.stdout).toMatch(/Gateway +[0-9a-f]{12} from redis.*\n +refuses [0-9a-f]{12} from redis/);

    expect(await lyceum(['graph', 'withdraw'], env)).toMatchObject({ code: 0, stdout: 'Withdrawn.\n' });
    await eventually(async () => (await lyceum(['graph', 'show'], env)).stdout.includes('from file'), {
      timeoutMs: 60_000,
    });
  }, 180_000);
});

test('what is no supergraph is not published', async () => {
  const text = await lyceum(['graph', 'publish', await fileOf('text.txt', 'no graph')], tenant.env);
  expect([text.code, text.stderr]).toEqual([1, expect.stringContaining('is not GraphQL')]);
  const schema = await lyceum(['graph', 'publish', await fileOf('one.graphql', 'type Query { a: Int }')], tenant.env);
  expect([schema.code, schema.stderr]).toEqual([1, expect.stringContaining('is no supergraph')]);
  const none = await lyceum(['graph', 'publish', join(folder, 'none')], tenant.env);
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('cannot be read')]);
  expect(await lyceum(['graph', 'show'], tenant.env)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/nothing/),
  });
});

test('without Redis the command says so', async () => {
  const port = await freePort();
  releasePort(port);
  const { code, stderr } = await lyceum(['graph', 'publish', supergraphFile], {
    REDIS_URL: `redis://127.0.0.1:${port}`,
  });
  expect([code, stderr]).toEqual([1, expect.stringContaining('Redis does not answer')]);
});
