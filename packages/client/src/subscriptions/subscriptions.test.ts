/** Subscriptions of both transports against a real server that misbehaves. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type MisbehavingService, openService } from '../../test/misbehaving-service.ts';
import { makeToken } from '../../test/tokens.ts';
import { createLyceumClient, type LyceumClient, type LyceumClientOptions, type SubscribeOptions } from '../index.ts';

let service: MisbehavingService;
let other: MisbehavingService;
const clients: LyceumClient[] = [];
beforeEach(async () => {
  [service, other] = await Promise.all([openService(), openService()]);
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await Promise.all([service.stop(), other.stop()]);
});

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

/** Gives `token 1`, `token 2` and so on. */
function countedTokens() {
  const counted = {
    count: 0,
    refreshToken() {
      counted.count += 1;
      return `token ${counted.count}`;
    },
  };
  return counted;
}

/** Reads all that comes, in the background. */
function follow(client: LyceumClient, options: SubscribeOptions = {}) {
  const messages = client.subscribe<{ n: number }>('subscription { n }', {}, options);
  const read: number[] = [];
  const run = async () => {
    for await (const { data } of messages) read.push(data!.n);
  };
  const ended = run();
  ended.catch(() => {});
  return { read, ended, stop: () => messages.return() };
}

describe.each(['websocket', 'sse'] as const)('over %s', (transport) => {
  function open(options: Partial<LyceumClientOptions> = {}): LyceumClient {
    const client = createLyceumClient({ url: service.url, transport, retry: { baseMs: 20 }, ...options });
    clients.push(client);
    return client;
  }

  test('no event is lost or comes twice when the line breaks before the first, between two, and while none is open', async () => {
    const { read } = follow(open());
    await expect.poll(() => service.subscribers).toBe(1);
    service.drop();
    service.emit(2);
    await expect.poll(() => read).toEqual([1, 2]);
    for (const count of [3, 4, 5]) {
      await expect.poll(() => service.subscribers).toBe(1);
      service.emit();
      service.drop();
      await expect.poll(() => read.length).toBe(count);
    }
    expect(read).toEqual(upTo(5));
  });

  test('a subscription goes on at another address when the one it talks to is gone', async () => {
    const { read } = follow(open({ url: [service.url, other.url] }));
    await expect.poll(() => service.subscribers).toBe(1);
    service.emit(2);
    await expect.poll(() => read.length).toBe(2);
    other.emit(4);
    await service.stop();
    await expect.poll(() => read).toEqual([1, 2, 3, 4]);
    expect(other.subscriptions[0]?.params.extensions).toEqual({ cursor: 'c2' });
  });

  test('a subscription may begin behind the cursor of an earlier one, and says when it has caught up', async () => {
    service.emit(4);
    const caughtUp: [string, number][] = [];
    const { read } = follow(open(), { cursor: 'c1', onCaughtUp: (cursor) => caughtUp.push([cursor, read.length]) });
    await expect.poll(() => caughtUp).toEqual([['c4', 3]]);
    expect(read).toEqual([2, 3, 4]);
  });

  test('every message has its cursor', async () => {
    const messages = open().subscribe('subscription { n }');
    const first = messages.next();
    await expect.poll(() => service.subscribers).toBe(1);
    service.emit();
    expect((await first).value).toEqual({ data: { n: 1 }, errors: [], cursor: 'c1' });
    await messages.return();
  });

  test('lost events are told as CURSOR_EXPIRED', async () => {
    service.emit(3);
    service.trim();
    await expect(follow(open(), { cursor: 'c1' }).ended).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
  });

  test('after lost events the state is read anew while the subscription has begun again, and events follow', async () => {
    const read: number[] = [];
    const client = open();
    const state = async () => {
      expect(service.subscribers).toBe(1);
      service.emit();
      read.push(-1);
    };
    const following = follow(client, { onGap: state });
    await expect.poll(() => service.subscribers).toBe(1);
    service.emit();
    await expect.poll(() => following.read).toEqual([1]);
    service.drop();
    service.emit(2);
    service.trim();
    await expect.poll(() => following.read).toEqual([1, 4]);
    expect(read).toEqual([-1]);
    expect(service.subscriptions.at(-1)?.params.extensions).toEqual({ cursor: null });
  });

  test('what reading the state throws ends the subscription', async () => {
    service.emit(3);
    service.trim();
    const onGap = () => {
      throw new Error('the page is gone');
    };
    await expect(follow(open(), { cursor: 'c1', onGap }).ended).rejects.toThrow('the page is gone');
  });

  test('a refusal that will not change ends the subscription with its code; a passing one does not', async () => {
    const lasting = follow(open());
    await expect.poll(() => service.subscribers).toBe(1);
    service.fail('SUBGRAPH_UNAVAILABLE', 'message');
    await expect.poll(() => service.subscribers).toBe(1);
    service.fail('SERVICE_UNAVAILABLE', 'error');
    await expect.poll(() => service.subscribers).toBe(1);
    service.fail('SUPERGRAPH_CHANGED', 'message');
    await expect(lasting.ended).rejects.toMatchObject({ code: 'SUPERGRAPH_CHANGED' });
    const other = follow(open());
    await expect.poll(() => service.subscribers).toBe(1);
    service.fail('FORBIDDEN', 'error');
    await expect(other.ended).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  test('a server that does not come back is given up after the tries that were asked for', async () => {
    await service.stop();
    const { ended } = follow(open({ retry: { attempts: 3, baseMs: 5 } }));
    await expect(ended).rejects.toMatchObject({ code: 'NETWORK_FAILED' });
  });

  test('a token that is refused is renewed once for all subscriptions, which go on', async () => {
    const renewals = countedTokens();
    service.accepts = (authorization) => authorization === 'Bearer token 1';
    const client = open({ token: () => 'stale', refreshToken: renewals.refreshToken });
    const followers = [follow(client), follow(client)];
    await expect.poll(() => service.subscribers).toBe(2);
    service.emit();
    await expect.poll(() => followers.map(({ read }) => read)).toEqual([[1], [1]]);
    expect(renewals.count).toBe(1);
  });

  test('a person whom the server takes no token of is told to sign in again', async () => {
    service.accepts = () => false;
    const renewals = countedTokens();
    const client = open({ token: () => 'stale', refreshToken: renewals.refreshToken });
    await expect(follow(client).ended).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(renewals.count).toBe(2);
    await expect(follow(open({ token: () => 'stale' })).ended).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('a subscription survives that its token cannot be renewed for a while', async () => {
    let tries = 0;
    const refreshToken = () => {
      tries += 1;
      if (tries < 3) throw new TypeError('offline');
      return 'fresh';
    };
    service.accepts = (authorization) => authorization === 'Bearer fresh';
    const { read } = follow(open({ token: () => 'stale', refreshToken }));
    await expect.poll(() => service.subscribers).toBe(1);
    service.emit();
    await expect.poll(() => read).toEqual([1]);
  });

  test('events of subgraphs that know no cursors come too, failed ones included', async () => {
    service.cursors = false;
    const messages = open().subscribe('subscription { n }');
    const first = messages.next();
    await expect.poll(() => service.subscribers).toBe(1);
    service.emit();
    expect((await first).value).toEqual({ data: { n: 1 }, errors: [], cursor: undefined });
    service.fail('INTERNAL', 'message');
    expect((await messages.next()).value).toMatchObject({ data: null, errors: [{ extensions: { code: 'INTERNAL' } }] });
    expect((await messages.next()).done).toBe(true);
  });

  test('a subscription ends with its operation, when it is left, by its signal, and with the client', async () => {
    const client = open();
    const completed = follow(client);
    await expect.poll(() => service.subscribers).toBe(1);
    service.complete();
    await completed.ended;

    const leaving = new AbortController();
    const [left, aborted, closed] = [follow(client), follow(client, { signal: leaving.signal }), follow(client)];
    await expect.poll(() => service.subscribers).toBe(3);
    await left.stop();
    leaving.abort();
    await Promise.all([left.ended, aborted.ended]);
    await expect.poll(() => service.subscribers).toBe(1);
    await client.close();
    await closed.ended;
    await expect.poll(() => service.lines).toBe(0);
  });

  test('a subscriber that reads slowly gets every event all the same', async () => {
    const messages = open({ maxPending: 5 }).subscribe<{ n: number }>('subscription { n }');
    const read: number[] = [];
    const first = messages.next();
    await expect.poll(() => service.subscribers).toBe(1);
    service.emit(40);
    read.push((await first).value!.data!.n);
    while (read.length < 40) {
      await new Promise((resolve) => setImmediate(resolve));
      read.push((await messages.next()).value!.data!.n);
    }
    expect(read).toEqual(upTo(40));
    // A stream is held back; a socket cannot be, so the rest is asked for again.
    expect(service.subscriptions.length > 1).toBe(transport === 'websocket');
    await messages.return();
  });
});

describe('a socket', () => {
  function open(options: Partial<LyceumClientOptions> = {}): LyceumClient {
    const client = createLyceumClient({ url: service.url, retry: { baseMs: 20 }, ...options });
    clients.push(client);
    return client;
  }

  test('is shared by all subscriptions of a client, opened by the first and closed when it is idle', async () => {
    const client = open({ idleMs: 20 });
    expect(service.lines).toBe(0);
    const [first, second] = [follow(client), follow(client)];
    await expect.poll(() => service.subscribers).toBe(2);
    expect(service.lines).toBe(1);
    await Promise.all([first.stop(), second.stop()]);
    await expect.poll(() => service.lines).toBe(0);
    const third = follow(client);
    await expect.poll(() => service.subscribers).toBe(1);
    await third.stop();
  });

  test.each([1000, 1001, 1011, 1012, 1013, 4403, 4408, 4450, 4451])(
    'that is closed with %i is opened again, and every subscription goes on',
    async (code) => {
      const renewals = countedTokens();
      const { read } = follow(open({ token: () => 'token 0', refreshToken: renewals.refreshToken }));
      await expect.poll(() => service.subscribers).toBe(1);
      service.emit();
      await expect.poll(() => read.length).toBe(1);
      service.drop(code);
      await expect.poll(() => service.subscribers).toBe(1);
      service.emit();
      await expect.poll(() => read).toEqual([1, 2]);
      expect(renewals.count).toBe(code === 4403 ? 1 : 0);
      expect(service.subscriptions.length).toBe(2);
    },
  );

  test.each([4400, 4401, 4406, 4409, 4429])('that is closed with %i ends its subscriptions', async (code) => {
    const { ended } = follow(open());
    await expect.poll(() => service.subscribers).toBe(1);
    service.drop(code);
    await expect(ended).rejects.toMatchObject({ code: 'PROTOCOL_FAILED', message: expect.stringContaining(`${code}`) });
  });

  test.each([1012, 1013, 4403, 4408, 4451])('that is closed with %i instead of opened is tried again', async (code) => {
    service.refusals.push(code, code);
    const { read } = follow(open({ token: () => 'token 0', refreshToken: countedTokens().refreshToken }));
    await expect.poll(() => service.subscribers).toBe(1);
    service.emit();
    await expect.poll(() => read).toEqual([1]);
  });

  test('gets a new token in place before the old one ends', async () => {
    const [old, fresh] = [makeToken({ endsIn: 2, lifeSeconds: 4 }), makeToken({ name: 'fresh' })];
    const { read } = follow(open({ token: () => old, refreshToken: () => fresh }));
    await expect.poll(() => service.inits).toEqual([`Bearer ${old}`]);
    await expect.poll(() => service.pings).toEqual([`Bearer ${fresh}`]);
    service.emit();
    await expect.poll(() => read).toEqual([1]);
    expect(service.subscriptions.length).toBe(1);
  });

  test('learns of a token that the application has got since, with the next subscription', async () => {
    let token = 'first';
    const client = open({ token: () => token });
    follow(client);
    await expect.poll(() => service.subscribers).toBe(1);
    token = 'second';
    follow(client);
    await expect.poll(() => service.subscribers).toBe(2);
    expect([service.inits, service.pings]).toEqual([['Bearer first'], ['Bearer second']]);
  });

  test('that takes no other token in place is opened again with that token', async () => {
    service.takesOver = () => false;
    let token = 'first';
    const client = open({ token: () => token });
    const { read } = follow(client);
    await expect.poll(() => service.subscribers).toBe(1);
    token = 'of another session';
    follow(client);
    await expect.poll(() => service.inits).toEqual(['Bearer first', 'Bearer of another session']);
    await expect.poll(() => service.subscribers).toBe(2);
    service.emit();
    await expect.poll(() => read).toEqual([1]);
  });

  test('brings more events without cursors than are read: the subscriber is told that some are lost', async () => {
    service.cursors = false;
    const messages = open({ maxPending: 5 }).subscribe('subscription { n }');
    const first = messages.next();
    await expect.poll(() => service.subscribers).toBe(1);
    service.emit(40);
    await first;
    await expect.poll(() => service.subscribers).toBe(0);
    const rest = async () => {
      for await (const _ of messages);
    };
    await expect(rest()).rejects.toMatchObject({ code: 'READ_TOO_SLOWLY' });
  });

  test('may be one of `ws`, and be given up while it connects', async () => {
    const { WebSocket } = await import('ws');
    const client = open({ webSocketImpl: WebSocket });
    const { ended } = follow(client);
    await client.close();
    await ended;
  });
});
