import { request } from 'node:http';
import { CLAIMS_HEADER } from '@lyceum/contracts';
import { LyceumError } from '@lyceum/service-kit';
import { expect, test } from 'vitest';
import { requireViewer } from '../src/index.ts';
import { anonymous, learner, longAgo, openSubgraph, type TestContext, tokenOf } from './harness.ts';

const hello = JSON.stringify({ query: '{ hello }' });

test("a request without the gateway's signature is refused, and its body is not parsed", async () => {
  const { send } = await openSubgraph();
  const forged = (await tokenOf()).replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
  for (const headers of [{}, { [CLAIMS_HEADER]: '' }, { [CLAIMS_HEADER]: 'x' }, { [CLAIMS_HEADER]: `${forged}x` }]) {
    const { status, text } = await send('{ not even JSON', headers as Record<string, string>);
    expect(status).toBe(401);
    expect(JSON.parse(text).errors[0].extensions.code).toBe('CLAIMS_REQUIRED');
  }
});

test('a Host that is no address is refused, and the answer tells nothing of the inside', async () => {
  const { url } = await openSubgraph();
  const answer = await new Promise((resolve, reject) => {
    const headers = { host: 'a b/c', 'content-type': 'application/json' };
    const sending = request(`${url}/graphql`, { method: 'POST', headers }, async (response) => {
      resolve({ status: response.statusCode, text: (await response.setEncoding('utf8').toArray()).join('') });
    });
    sending.on('error', reject);
    sending.end(hello);
  });
  expect(answer).toEqual({ status: 400, text: '' });
});

test('expired claims are refused', async () => {
  const { send } = await openSubgraph();
  expect((await send(hello, { [CLAIMS_HEADER]: await tokenOf(anonymous, longAgo) })).status).toBe(401);
});

test('signed claims are answered, and resolvers see the viewer they name', async () => {
  const { query } = await openSubgraph({
    typeDefs: 'type Query { me: ID, must: ID }',
    resolvers: {
      Query: {
        me: (_: unknown, __: unknown, { viewer }: TestContext) => viewer?.id ?? null,
        must: (_: unknown, __: unknown, context: TestContext) => requireViewer(context).id,
      },
    },
  });
  const claims = learner();
  expect(await query('{ me must }', {}, claims)).toEqual({ data: { me: claims.viewer?.id, must: claims.viewer?.id } });
  const refused = await query('{ me must }');
  expect(refused.data).toEqual({ me: null, must: null });
  expect(refused.errors?.map(({ extensions }) => extensions.code)).toEqual(['UNAUTHENTICATED']);
});

test('a 3 MiB body is refused before it is parsed', async () => {
  const { send, url } = await openSubgraph();
  const token = await tokenOf();
  const body = `{ not even JSON ${'x'.repeat(3 * 1024 * 1024)}`;
  expect((await send(body, { [CLAIMS_HEADER]: token })).status).toBe(413);
  // Without a length in advance, too.
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const headers = { 'content-type': 'application/json', [CLAIMS_HEADER]: token, 'transfer-encoding': 'chunked' };
    const sending = request(`${url}/graphql`, { method: 'POST', headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sending.on('error', reject);
    sending.end(body);
  });
  expect(status).toBe(413);
});

test('GET, forms, GraphiQL, batches and subscriptions are not served over HTTP', async () => {
  const { send, url, query } = await openSubgraph({
    typeDefs: 'type Query { hello: String! } type Subscription { ticks: Int! }',
  });
  const claims = { [CLAIMS_HEADER]: await tokenOf() };
  expect((await send('', claims, 'GET')).status).toBe(405);
  const form = 'application/x-www-form-urlencoded';
  expect((await send('query={hello}', { ...claims, 'content-type': form })).status).toBe(415);
  expect((await send(`[${hello},${hello}]`, claims)).status).toBe(400);
  expect((await fetch(`${url}/graphql`, { headers: { accept: 'text/html' } })).status).toBe(405);
  expect((await query('subscription { ticks }')).errors?.[0]?.extensions.code).toBe('BAD_REQUEST');
});

test('a bug in a resolver is masked, and logged with the request it belongs to', async () => {
  const { query, lines } = await openSubgraph({
    resolvers: {
      Query: {
        hello: () => {
          throw new Error('connect ECONNREFUSED 10.0.0.1');
        },
      },
    },
  });
  const claims = learner();
  const result = await query('{ hello }', {}, claims);
  expect(JSON.stringify(result)).not.toContain('10.0.0.1');
  expect(result.errors?.[0]).toMatchObject({ path: ['hello'], extensions: { code: 'INTERNAL' } });
  const line = lines.map((text) => JSON.parse(text)).find(({ level }) => level === 'error');
  expect(line).toMatchObject({ requestId: claims.requestId, viewerId: claims.viewer?.id });
  expect(line.err.stack).toContain('http.test.ts');
});

test('a known error keeps its code, also when the context throws it', async () => {
  const thrower = () => {
    throw new LyceumError('SERVICE_UNAVAILABLE');
  };
  const inResolver = await openSubgraph({ resolvers: { Query: { hello: thrower } } });
  const inContext = await openSubgraph({ loaders: thrower });
  for (const { query } of [inResolver, inContext]) {
    expect((await query('{ hello }')).errors?.[0]?.extensions.code).toBe('SERVICE_UNAVAILABLE');
  }
});

test('errors suggest no names of the schema', async () => {
  const { query } = await openSubgraph();
  const text = JSON.stringify(await query('{ hallo }'));
  expect(text).toContain('hallo');
  expect(text).not.toContain('hello');
});

test('an operation whose lists multiply without end is refused with one clear error', async () => {
  const { query } = await openSubgraph({
    typeDefs: 'type Query { things: [Thing!]! } type Thing { things: [Thing!] id: ID }',
    resolvers: {
      Query: { things: () => new Array(100).fill({}) },
      Thing: { things: async () => new Array(100).fill({}) },
    },
  });
  const answer = await query('{ things { things { things { things { things { id } } } } } }');
  expect(answer).toMatchObject({ data: null, errors: [{ extensions: { code: 'OPERATION_TOO_LARGE' } }] });
  expect(answer.errors).toHaveLength(1);
});

test('the schema is readable for the gateway alone', async () => {
  const { query, send } = await openSubgraph();
  const asked = '{ _service { sdl } }';
  expect((await query(asked)).data).toMatchObject({ _service: { sdl: expect.stringContaining('hello') } });
  expect((await send(JSON.stringify({ query: asked }))).status).toBe(401);
});

test('a request in flight is answered while the process drains, and no new one is taken', async () => {
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const { query, life, url } = await openSubgraph({
    resolvers: {
      Query: {
        async hello() {
          begun.resolve();
          await gate.promise;
          return 'late';
        },
      },
    },
  });
  const answer = query('{ hello }');
  await begun.promise;
  const closed = life.close();
  await expect(fetch(`${url}/health/live`)).rejects.toThrow();
  gate.resolve();
  expect(await answer).toEqual({ data: { hello: 'late' } });
  await closed;
});

test('a client that goes away aborts the work for it', async () => {
  const begun = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  const { url } = await openSubgraph({
    resolvers: {
      Query: {
        async hello(_: unknown, __: unknown, { signal }: TestContext) {
          signal.addEventListener('abort', () => aborted.resolve());
          begun.resolve();
          await aborted.promise;
          return 'nobody hears this';
        },
      },
    },
  });
  const leaving = new AbortController();
  const headers = { 'content-type': 'application/json', [CLAIMS_HEADER]: await tokenOf() };
  const asked = fetch(`${url}/graphql`, { method: 'POST', headers, body: hello, signal: leaving.signal });
  await begun.promise;
  leaving.abort();
  await expect(asked).rejects.toThrow();
  await aborted.promise;
});

test('health, metrics and own routes need no claims', async () => {
  const { url, query } = await openSubgraph({ health: { database: () => Promise.reject(new Error('away')) } });
  await query('{ hello }');
  expect((await fetch(`${url}/health/live`)).status).toBe(200);
  expect((await fetch(`${url}/health/ready`)).status).toBe(503);
  expect(await (await fetch(`${url}/public`)).text()).toBe('public');
  expect(await (await fetch(`${url}/metrics`)).text()).toMatch(
    /lyceum_graphql_operation_duration_seconds_count\{.*operation_type="query",outcome="ok".*\} 1/,
  );
  for (const path of ['/', '/graphql/x', '/toString']) expect((await fetch(url + path)).status).toBe(404);
});
