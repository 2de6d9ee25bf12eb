import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listenOn } from '@lyceum/service-kit';
import { afterEach, expect, test, vi } from 'vitest';
import { SupergraphPolicy } from '../../config.ts';
import { createUrlSource } from './url-source.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (let close = closing.pop(); close; close = closing.pop()) await close();
});

async function registry(answer: (req: IncomingMessage, res: ServerResponse) => void) {
  const server = createServer(answer);
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (await listenOn(server, 0, '127.0.0.1')).url;
}

function sourceOf(url: string, policy: Partial<SupergraphPolicy> = {}, authorization?: string) {
  const current = { supergraph: { ...SupergraphPolicy.parse({}), ...policy } };
  const source = createUrlSource({ url, authorization, policy: { current } });
  closing.push(() => source.close());
  return source;
}

test('a text that has not changed is not sent again', async () => {
  let sent = 0;
  const url = await registry((req, res) => {
    if (req.headers['if-none-match'] === '"1"') return void res.writeHead(304).end();
    sent += 1;
    res.writeHead(200, { etag: '"1"' }).end(`graph for ${req.headers.authorization}`);
  });
  const source = sourceOf(url, {}, 'Bearer key');
  expect(await source.read()).toBe('graph for Bearer key');
  expect(await source.read()).toBe('graph for Bearer key');
  expect(sent).toBe(1);
});

test('a registry without a supergraph is no fault, and one that fails is', async () => {
  expect(await sourceOf(await registry((_, res) => res.writeHead(404).end())).read()).toBeNull();
  await expect(sourceOf(await registry((_, res) => res.writeHead(500).end('graph'))).read()).rejects.toThrow('500');
});

test('an answer without end is cut off at the bound', async () => {
  const url = await registry((_, res) => {
    const flood = setInterval(() => res.write('x'.repeat(1_000)), 1);
    res.on('close', () => clearInterval(flood));
  });
  await expect(sourceOf(url, { maxBytes: 10_000 }).read()).rejects.toThrow('more than 10000 bytes');
});

test('a registry that hangs is given up in time', async () => {
  const url = await registry((_, res) => void res.writeHead(200).write('half a gra'));
  await expect(sourceOf(url, { timeoutMs: 50 }).read()).rejects.toThrow();
});

test('the registry is asked again and again until the source is closed', () => {
  vi.useFakeTimers();
  closing.push(() => vi.useRealTimers());
  const source = sourceOf('http://127.0.0.1:1', { pollMs: 1_000 });
  const changed = vi.fn();
  source.watch(changed);
  vi.advanceTimersByTime(10_000);
  expect(changed.mock.calls.length).toBeGreaterThanOrEqual(9);
  source.close();
  changed.mockClear();
  vi.advanceTimersByTime(10_000);
  expect(changed).not.toHaveBeenCalled();
});
