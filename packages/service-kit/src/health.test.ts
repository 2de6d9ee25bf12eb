import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { createHealth, type HealthOptions } from './health.ts';
import { listenOn } from './http.ts';
import { createMetrics } from './metrics.ts';

test('a failing check makes a process unready but leaves it alive, and says which one', async () => {
  const get = await serve({
    checks: { database: async () => {}, redis: () => Promise.reject(new Error('away')) },
    life: { draining: false },
  });
  expect(await get('/health/live')).toMatchObject({ status: 200 });
  const { status, body } = await get('/health/ready');
  expect(status).toBe(503);
  expect(JSON.parse(body)).toEqual({ status: 'failing', checks: { database: 'ok', redis: 'failed' } });
});

test('details are told beside the checks and make no process unready', async () => {
  const get = await serve({
    checks: {},
    details: { supergraph: () => ({ failing: ['file'] }) },
    life: { draining: false },
  });
  const { status, body } = await get('/health/ready');
  expect(status).toBe(200);
  expect(JSON.parse(body).details).toEqual({ supergraph: { failing: ['file'] } });
});

test('a draining process is not ready', async () => {
  const get = await serve({ checks: {}, life: { draining: true } });
  expect(await get('/health/ready')).toMatchObject({ status: 503, body: expect.stringContaining('draining') });
});

test('metrics are served with the service as a label, and asking twice for one gives the same', async () => {
  const metrics = createMetrics('courses');
  const options = { name: 'lyceum_test_total', help: 'A test.' };
  metrics.counter(options).inc();
  metrics.counter(options).inc();
  const get = await serve({ checks: {}, life: { draining: false }, metrics });
  expect((await get('/metrics')).body).toContain('lyceum_test_total{service="courses"} 2');
});

test('other paths are left to others', async () => {
  const get = await serve({ checks: {}, life: { draining: false } });
  expect((await get('/graphql')).status).toBe(404);
});

async function serve(options: HealthOptions) {
  const health = createHealth(options);
  const server = createServer((req, res) => {
    if (!health(req, res)) res.writeHead(404).end();
  });
  const { url } = await listenOn(server, 0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return async (path: string) => {
    const response = await fetch(`${url}${path}`);
    return { status: response.status, body: await response.text() };
  };
}
