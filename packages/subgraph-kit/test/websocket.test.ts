import { once } from 'node:events';
import { sleep } from '@lyceum/service-kit';
import { GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { createLoader } from '../src/index.ts';
import { stoppable } from '../src/iterators.ts';
import { anonymous, collect, learner, longAgo, openSubgraph, type TestContext, tokenOf } from './harness.ts';

const typeDefs = 'type Query { me: ID } type Subscription { counted(to: Int!): String! }';
const counted = 'subscription ($to: Int!) { counted(to: $to) }';

/** Counts to `to`, then waits for its end. */
function counter(onFreed: () => void = () => {}) {
  return {
    Query: { me: (_: unknown, __: unknown, { viewer }: TestContext) => viewer?.id ?? null },
    Subscription: {
      counted: {
        subscribe: (_: unknown, { to }: { to: number }) =>
          stoppable(async function* (stop) {
            for (let number = 1; number <= to; number += 1) yield number;
            await sleep(600_000, stop);
            onFreed();
          }),
        resolve: (number: number, _: unknown, { viewer }: TestContext) => `${number} ${viewer?.id ?? 'anonymous'}`,
      },
    },
  };
}

test('loaders are fresh for each event of a subscription', async () => {
  let version = 0;
  const { connect } = await openSubgraph({
    typeDefs,
    resolvers: {
      Subscription: {
        counted: {
          ...counter().Subscription.counted,
          resolve: (_: unknown, __: unknown, { loaders }: TestContext) => loaders.word?.load('word'),
        },
      },
    },
    loaders: () => ({
      word: createLoader('word', async (keys: readonly string[]) => {
        version += 1;
        return keys.map((key) => `${key} ${version}`);
      }),
    }),
  });
  const { results } = collect(connect(), await signed(counted, { to: 3 }));
  await expect.poll(() => results.map(({ data }) => data?.counted)).toEqual(['word 1', 'word 2', 'word 3']);
});

test('one socket carries operations of different viewers, each with its own claims', async () => {
  const { connect } = await openSubgraph({ typeDefs, resolvers: counter() });
  const client = connect();
  const claims = [learner(), learner()];
  const seen = await Promise.all(
    claims.map(async (own) => collect(client, await signed('{ me }', {}, await tokenOf(own))).results),
  );
  await expect.poll(() => seen.map(([first]) => first?.data?.me)).toEqual(claims.map(({ viewer }) => viewer?.id));
});

test('an operation without claims, or with expired ones, is refused; its socket stays', async () => {
  const { connect } = await openSubgraph({ typeDefs, resolvers: counter() });
  const client = connect();
  const expired = await tokenOf(anonymous, longAgo);
  for (const extensions of [undefined, {}, { claims: 'x' }, { claims: 7 }, { claims: expired }]) {
    const state = collect(client, { query: '{ me }', extensions });
    await expect.poll(() => state.failure).toMatchObject([{ extensions: { code: 'CLAIMS_REQUIRED' } }]);
  }
  const good = collect(client, await signed('{ me }'));
  await expect.poll(() => good.results).toEqual([{ data: { me: null } }]);
});

test('claims given once with the connection count for operations that bring none', async () => {
  const { connect } = await openSubgraph({ typeDefs, resolvers: counter() });
  const own = learner();
  const { results } = collect(connect({ claims: await tokenOf(own) }), { query: '{ me }' });
  await expect.poll(() => results).toEqual([{ data: { me: own.viewer?.id } }]);
});

test('a subscription that its client ends, or whose socket breaks, frees its source', async () => {
  let freed = 0;
  const { connect, metrics } = await openSubgraph({
    typeDefs,
    resolvers: counter(() => {
      freed += 1;
    }),
  });
  const live = async () => /live_subscriptions\{.*\} (\d+)/.exec(await metrics.registry.metrics())?.[1];
  const [ended, broken] = [connect(), connect()];
  const first = collect(ended, await signed(counted, { to: 1 }));
  const second = collect(broken, await signed(counted, { to: 1 }));
  await expect.poll(() => first.results.length + second.results.length).toBe(2);
  expect(await live()).toBe('2');
  first.stop();
  await expect.poll(() => freed).toBe(1);
  broken.terminate();
  await expect.poll(() => freed).toBe(2);
  await expect.poll(live).toBe('0');
});

test('an error of one event is masked, and the subscription goes on', async () => {
  const { connect } = await openSubgraph({
    typeDefs,
    resolvers: {
      Subscription: {
        counted: {
          ...counter().Subscription.counted,
          resolve(number: number) {
            if (number === 1) throw new Error('secret');
            return String(number);
          },
        },
      },
    },
  });
  const { results } = collect(connect(), await signed(counted, { to: 2 }));
  await expect.poll(() => results.length).toBe(2);
  expect(results[0]?.errors?.[0]).toMatchObject({ extensions: { code: 'INTERNAL' } });
  expect(results[1]).toEqual({ data: { counted: '2' } });
  expect(JSON.stringify(results)).not.toContain('secret');
});

test('a source that breaks ends its subscription with a masked error', async () => {
  const { connect } = await openSubgraph({
    typeDefs,
    resolvers: {
      Subscription: {
        counted: {
          // biome-ignore lint/correctness/useYield: it breaks before its first value
          subscribe: async function* () {
            throw new Error('secret');
          },
        },
      },
    },
  });
  const state = collect(connect(), await signed(counted, { to: 2 }));
  await expect.poll(() => state.failure).toMatchObject([{ extensions: { code: 'INTERNAL' } }]);
  expect(JSON.stringify(state.failure)).not.toContain('secret');
});

test('an invalid operation is refused with readable errors that suggest no names', async () => {
  const { connect } = await openSubgraph({ typeDefs, resolvers: counter() });
  const client = connect();
  for (const [query, code] of [
    ['subscription { countet(to: 1) }', 'GRAPHQL_VALIDATION_FAILED'],
    ['subscription {', 'GRAPHQL_PARSE_FAILED'],
  ] as const) {
    const state = collect(client, await signed(query));
    await expect.poll(() => state.failure).toMatchObject([{ extensions: { code } }]);
    expect(JSON.stringify(state.failure)).not.toMatch(/Did you mean|"http"/);
  }
});

test('draining closes sockets with 1001, so that clients come back elsewhere', async () => {
  const { url, life } = await openSubgraph({ typeDefs, resolvers: counter() });
  const socket = open(url);
  await once(socket, 'open');
  const closed = once(socket, 'close');
  await life.close();
  expect((await closed)[0]).toBe(1001);
});

test('a message that is too large closes its socket with 1009', async () => {
  const { url } = await openSubgraph({ typeDefs, resolvers: counter() });
  const socket = open(url);
  await once(socket, 'open');
  socket.send('x'.repeat(3 * 1024 * 1024));
  expect((await once(socket, 'close'))[0]).toBe(1009);
});

test('a socket that says nothing is closed with 4408', async () => {
  const { url } = await openSubgraph({ typeDefs, resolvers: counter() });
  expect((await once(open(url), 'close'))[0]).toBe(4408);
});

test('a socket on another path is refused', async () => {
  const { url } = await openSubgraph();
  const socket = open(url, '/elsewhere');
  const [error] = (await once(socket, 'error')) as [Error];
  expect(error.message).toContain('404');
});

function open(url: string, path = '/graphql'): WebSocket {
  const socket = new WebSocket(url.replace('http', 'ws') + path, GRAPHQL_TRANSPORT_WS_PROTOCOL);
  onTestFinished(() => socket.terminate());
  return socket;
}

async function signed(query: string, variables: Record<string, unknown> = {}, token?: string) {
  return { query, variables, extensions: { claims: token ?? (await tokenOf()) } };
}
