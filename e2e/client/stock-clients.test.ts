/**
 * Apollo Client, urql and graphql-sse as they come off the shelf ask queries and get live events: the recipes of
 * docs/guides/clients.md.
 */
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { ProgressUpdated } from '@lyceum/contracts';
import { Client, cacheExchange, fetchExchange, subscriptionExchange } from '@urql/core';
import { OperationTypeNode, print } from 'graphql';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { MeDocument, ProgressUpdatedDocument, type ProgressUpdatedSubscription } from '../__generated__/operations.ts';
import { readCourse } from '../support/course.ts';
import { enroll, type Person, signUp } from '../support/person.ts';
import { untilListening } from '../support/until-listening.ts';
import { openWorld, type World } from '../support/world.ts';

let world: World;
let courseId: string;
beforeAll(async () => {
  world = await openWorld({ seed: true });
  courseId = (await readCourse(world.gatewayUrl)).id;
});
afterAll(() => world?.[Symbol.asyncDispose]());

const webSocketUrl = () => world.gatewayUrl.replace(/^http/, 'ws');
const bearer = (person: Person) => ({ authorization: `Bearer ${person.token}` });

/** Makes the one change that every subscriber here must hear of, once the subscription has reached its source. */
async function change(learner: Person): Promise<void> {
  await untilListening(world.tenant.env, ProgressUpdated, learner.id);
  await enroll(learner, courseId);
}

test('Apollo Client asks a query and gets a live event', async () => {
  const learner = await signUp(world.gatewayUrl, 'Hanna');
  const socket = createClient({ url: webSocketUrl(), connectionParams: () => bearer(learner) });
  const client = new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(socket),
      new HttpLink({
        uri: world.gatewayUrl,
        fetch: (url, init) => fetch(url, { ...init, headers: { ...init?.headers, ...bearer(learner) } }),
      }),
    ),
  });
  onTestFinished(async () => {
    client.stop();
    await socket.dispose();
  });

  const { data } = await client.query({ query: MeDocument });
  expect(data?.viewer?.displayName).toBe('Hanna');
  const event = new Promise<ProgressUpdatedSubscription | undefined>((resolve, reject) => {
    const events = client.subscribe({ query: ProgressUpdatedDocument, variables: { courseId } });
    const subscription = events.subscribe({ next: (result) => resolve(result.data), error: reject });
    onTestFinished(() => subscription.unsubscribe());
  });
  await change(learner);
  expect((await event)?.progressUpdated.learner.displayName).toBe('Hanna');
});

test('urql asks a query and gets a live event', async () => {
  const learner = await signUp(world.gatewayUrl, 'Ivo');
  const socket = createClient({ url: webSocketUrl(), connectionParams: () => bearer(learner) });
  const client = new Client({
    url: world.gatewayUrl,
    fetchOptions: () => ({ headers: bearer(learner) }),
    exchanges: [
      cacheExchange,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = '', ...request }) => ({
          subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, ...request }, sink) }),
        }),
      }),
    ],
  });
  onTestFinished(async () => {
    await socket.dispose();
  });

  const { data, error } = await client.query(MeDocument, {}).toPromise();
  expect([error, data?.viewer?.displayName]).toEqual([undefined, 'Ivo']);
  const event = new Promise<ProgressUpdatedSubscription | undefined>((resolve) => {
    const events = client.subscription(ProgressUpdatedDocument, { courseId });
    const subscription = events.subscribe((result) => resolve(result.data));
    onTestFinished(() => subscription.unsubscribe());
  });
  await change(learner);
  expect((await event)?.progressUpdated.learner.displayName).toBe('Ivo');
});

test('graphql-sse gets a live event', async () => {
  const learner = await signUp(world.gatewayUrl, 'Jun');
  const client = createSseClient({ url: world.gatewayUrl, headers: () => bearer(learner) });
  onTestFinished(() => client.dispose());
  const events = client.iterate<ProgressUpdatedSubscription>({
    query: print(ProgressUpdatedDocument),
    variables: { courseId },
  });
  const event = events.next();
  await change(learner);
  expect((await event).value?.data?.progressUpdated.learner.displayName).toBe('Jun');
});
