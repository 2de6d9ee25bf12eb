/**
 * Operations over server-sent events: each on a stream of its own, or several on one that the client reserves.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { openEventStream } from '../event-streams.ts';
import { openGateway, type TestGateway } from '../harness.ts';
import { EVERY, RENAME } from '../transports.ts';
import { reserve, TOKEN } from './rig.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway('limits: { maxBodyBytes: 20000 }');
});
afterAll(() => gateway.close());

const followers = () => gateway.subgraphs.ticks.followers;
const firstTick = () => gateway.subgraphs.ticks.last + 1;
/** Whatever a test has opened is closed by then. */
beforeEach(() => expect.poll(followers).toBe(0));

describe('an event stream for each operation', () => {
  test('what is refused is told by an event, and the stream ends as the operation', async () => {
    const stream = await openEventStream(gateway.url, { body: { query: '{ boooks }' } });
    expect(await stream.over).toBe('ended');
    expect(stream.status).toBe(200);
    expect(stream.events).toMatchObject([
      { event: 'next', data: { errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] } },
      { event: 'complete' },
    ]);
  });

  test('events have ids, with which a browser comes back for the rest', async () => {
    const n = firstTick();
    const follow = (cursor: string) =>
      openEventStream(gateway.url, { body: { query: EVERY }, headers: { 'last-event-id': cursor } });
    const first = await openEventStream(gateway.url, { body: { query: EVERY, extensions: { cursor: null } } });
    await expect.poll(() => first.events).toMatchObject([{ id: expect.any(String) }]);
    gateway.subgraphs.ticks.emit(3);
    await expect.poll(() => first.events).toHaveLength(4);
    first.close();
    const again = await follow(first.events[2]?.id ?? '');
    await expect
      .poll(() => again.events.map(({ data }) => data?.data))
      .toEqual([{ everyTick: { n: n + 2 } }, undefined]);
    again.close();
    await expect.poll(followers).toBe(0);
  });
});

describe('one event stream for several operations', () => {
  test('each step is answered with the status of the protocol', async () => {
    const stream = await reserve(gateway);
    expect(stream).toMatchObject({ status: 201, type: 'text/plain; charset=utf-8' });
    expect(stream.token).toMatch(/^[\w-]{32}$/);
    const opened = await stream.open();
    expect(opened.response.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    expect((await stream.open()).status).toBe(409);

    expect(await stream.run('q', '{ __typename }')).toEqual({ status: 202 });
    await expect.poll(() => opened.of('q')).toEqual([{ data: { __typename: 'Query' } }, null]);
    expect(await stream.run('live', EVERY)).toEqual({ status: 202 });
    expect(await stream.run('live', EVERY)).toEqual({ status: 409, code: 'CONFLICT' });
    expect(await stream.end('live')).toEqual({ status: 200 });
    await expect.poll(followers).toBe(0);
    expect(await stream.end('live')).toEqual({ status: 200 });
    expect(opened.of('live')).toEqual([]);
    // Its id is free again.
    expect(await stream.run('q', '{ __typename }')).toEqual({ status: 202 });
  });

  test('what is no request of the protocol is refused, and says what is wrong', async () => {
    const { ask, post, run, token } = await reserve(gateway);
    const refused = async (answer: ReturnType<typeof ask>) => Object.values(await answer);
    const text = { 'content-type': 'text/plain' };
    expect(await refused(post({ query: '{ __typename }' }))).toEqual([400, 'BAD_REQUEST']);
    expect(await refused(run('', '{ __typename }'))).toEqual([400, 'BAD_REQUEST']);
    expect(await refused(run('x'.repeat(257), '{ __typename }'))).toEqual([400, 'BAD_REQUEST']);
    expect(await refused(post('{'))).toEqual([400, 'BAD_REQUEST']);
    expect(await refused(post(`"${'x'.repeat(20_000)}"`))).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    expect(await refused(post('query={__typename}', text))).toEqual([415, undefined]);
    expect(await refused(post({ query: '{ __typename }' }, { accept: 'text/html' }))).toEqual([406, undefined]);
    expect(await refused(run('q', '{ books {'))).toEqual([400, 'GRAPHQL_PARSE_FAILED']);
    expect(await refused(run('q', '{ boooks }'))).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
    expect(await refused(ask({ method: 'DELETE' }))).toEqual([400, 'BAD_REQUEST']);
    expect(await refused(ask({ method: 'PUT', headers: { accept: 'application/json' } }))).toEqual([406, undefined]);
    const bad = { authorization: 'Bearer a.b.c' };
    expect(await refused(ask({ method: 'PUT', headers: bad }))).toEqual([401, 'UNAUTHENTICATED']);
    expect(await refused(ask({ headers: { accept: 'text/event-stream', ...bad } }))).toEqual([401, 'UNAUTHENTICATED']);
    const search = new URLSearchParams({ token, query: RENAME, extensions: '{"operationId":"m"}' });
    expect(await refused(ask({}, `?${search}`))).toEqual([400, 'BAD_REQUEST']);
  });

  test('a stream that was not reserved does not exist, whatever is asked of it', async () => {
    const body = JSON.stringify({ query: '{ __typename }', extensions: { operationId: '1' } });
    const requests: RequestInit[] = [
      { headers: { accept: 'text/event-stream' } },
      { method: 'POST', headers: { 'content-type': 'application/json' }, body },
      { method: 'DELETE' },
    ];
    for (const init of requests) {
      const response = await fetch(`${gateway.url}?token=none&operationId=1`, init);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'STREAM_NOT_FOUND' } }] });
    }
    expect((await fetch(`${gateway.url}?operationId=1`, { method: 'DELETE' })).status).toBe(404);
  });

  test('the token may stand in the address, as browsers need it, also of an operation by GET', async () => {
    const { token } = await reserve(gateway);
    const stream = await openEventStream(`${gateway.url}?token=${token}`);
    onTestFinished(() => stream.close());
    const search = new URLSearchParams({ token, query: '{ __typename }', extensions: '{"operationId":"q"}' });
    expect((await fetch(`${gateway.url}?${search}`)).status).toBe(202);
    await expect.poll(() => stream.events).toHaveLength(2);
    expect(stream.events).toMatchObject([
      { event: 'next', data: { id: 'q' } },
      { event: 'complete', data: { id: 'q' } },
    ]);
  });

  test('results that come before the stream is opened wait for it', async () => {
    const { run, open } = await reserve(gateway);
    const n = firstTick();
    await run('live', EVERY);
    await run('q', '{ __typename }');
    await expect.poll(followers).toBe(1);
    gateway.subgraphs.ticks.emit(2);
    const stream = await open();
    await expect.poll(() => stream.numbers('live')).toEqual([n, n + 1]);
    expect(stream.of('q')).toEqual([{ data: { __typename: 'Query' } }, null]);
    stream.close();
    await expect.poll(followers).toBe(0);
  });

  test('an operation goes on from its cursor, on another stream', async () => {
    const n = firstTick();
    const first = await reserve(gateway);
    const heard = await first.open();
    await first.run('1', EVERY, { cursor: null });
    await expect.poll(() => heard.of('1')).toEqual([{ extensions: { cursor: expect.any(String) } }]);
    gateway.subgraphs.ticks.emit(2);
    await expect.poll(() => heard.numbers('1')).toEqual([n, n + 1]);
    heard.close();
    gateway.subgraphs.ticks.emit(1);
    const second = await reserve(gateway);
    const rest = await second.open();
    await second.run('1', EVERY, { cursor: heard.of('1')[1]?.extensions?.cursor });
    await expect.poll(() => rest.numbers('1')).toEqual([n + 1, n + 2]);
    expect(await second.run('2', EVERY, { cursor: 'made up' })).toMatchObject({ status: 400, code: 'BAD_REQUEST' });
    rest.close();
    await expect.poll(followers).toBe(0);
  });

  test('the end and the failure of an operation are told in the stream, which goes on', async () => {
    const { run, open } = await reserve(gateway);
    const stream = await open();
    await run('1', 'subscription { faulty(how: SOURCE) { n } }');
    await expect.poll(() => stream.of('1').at(-1)).toBe(null);
    await run('2', '{ fault }');
    await expect.poll(() => stream.of('2')).toMatchObject([{ errors: [{ extensions: { code: 'INTERNAL' } }] }, null]);
  });

  test('an operation whose client does not wait for its admission is ended', async () => {
    const { token, open } = await reserve(gateway);
    await open();
    const leaving = new AbortController();
    const asked = fetch(gateway.url, {
      method: 'POST',
      headers: { [TOKEN]: token, 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ slow }', extensions: { operationId: '1' } }),
      signal: leaving.signal,
    });
    await expect.poll(() => gateway.subgraphs.calls).toContain('people.slow');
    leaving.abort();
    await expect(asked).rejects.toThrow();
    await expect.poll(() => gateway.subgraphs.calls).toContain('people.slow is not waited for');
  });

  test('an operation that is ended while it begins is answered with 204', async () => {
    const { run, end, open } = await reserve(gateway);
    await open();
    gateway.subgraphs.calls.length = 0;
    const asked = run('1', '{ slow }');
    await expect.poll(() => gateway.subgraphs.calls).toContain('people.slow');
    expect((await end('1')).status).toBe(200);
    expect(await asked).toEqual({ status: 204 });
  });
});
