/**
 * Third-party Envelop plugins run at every door, on operations that are admitted.
 */

import type { Plugin } from '@envelop/core';
import { eventually } from '@lyceum/testing';
import { GraphQLError, type ValidationRule } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GatewayPlugin } from '../src/plugins/run-plugins.ts';
import { createGatewayServer } from '../src/server.ts';
import { openGateway, type TestGateway } from './harness.ts';
import { openSocket } from './sockets.ts';

const seen: string[] = [];
const watching: Plugin<{ tenant?: string }> = {
  onParse: ({ params }) => void seen.push(`parse ${String(params.source).length}`),
  onContextBuilding: ({ extendContext }) => extendContext({ tenant: 'books' }),
  onExecute({ args }) {
    seen.push(`execute for ${args.contextValue.tenant}`);
    return {
      onExecuteDone({ result }) {
        seen.push(`done ${JSON.stringify('data' in result ? result.data : null)}`);
      },
    };
  },
};
const noEditors: ValidationRule = (context) => ({
  Field({ name }) {
    if (name.value === 'editor') context.reportError(new GraphQLError('Editors are not to be asked for.'));
  },
});
const deciding: GatewayPlugin = {
  onValidate: ({ addValidationRule }) => addValidationRule(noEditors),
  onExecute({ args, setResultAndStopExecution }) {
    if (args.operationName === 'Canned') setResultAndStopExecution({ data: { canned: true } });
    if (args.operationName === 'Failing') throw new Error('the plugin has a fault');
    return {
      onExecuteDone({ result, setResult }) {
        if (args.operationName === 'Marked') setResult({ ...result, extensions: { marked: true } });
      },
    };
  },
};

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway('', (resources) => createGatewayServer(resources, [watching, deciding]));
});
afterAll(() => gateway.close());

test('a plugin sees each operation, its context and its data', async () => {
  seen.length = 0;
  const { data } = await gateway.ask('{ book(id: "b1") { title } }');
  expect(data).toEqual({ book: { title: 'The Dispossessed' } });
  expect(seen).toEqual(['parse 28', 'execute for books', 'done {"book":{"title":"The Dispossessed"}}']);
});

test('a plugin adds rules, answers in place of the engine, and changes answers', async () => {
  const ruled = await gateway.ask('{ books { editor { name } } }');
  expect(ruled.errors).toMatchObject([
    { message: 'Editors are not to be asked for.', extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } },
  ]);
  expect((await gateway.ask('query Canned { books { id } }')).data).toEqual({ canned: true });
  expect(await gateway.ask('query Marked { __typename }')).toMatchObject({ extensions: { marked: true } });
});

test('the fault of a plugin is masked, and what is refused reaches no plugin', async () => {
  const { errors } = await gateway.ask('query Failing { __typename }');
  expect(errors?.map(({ extensions }) => extensions?.code)).toEqual(['INTERNAL']);
  seen.length = 0;
  await gateway.ask('{ nothing }');
  await gateway.ask('{ __typename }', { token: await gateway.token({ forged: true }) });
  expect(seen).toEqual([]);
});

test('plugins run on sockets as well', async () => {
  const socket = await openSocket(gateway.url);
  await eventually(() => socket.messages.length === 1);
  socket.send({ id: '1', type: 'subscribe', payload: { query: 'query Canned { books { id } }' } });
  expect((await socket.answerTo('1')).payload).toEqual({ data: { canned: true } });
  socket.close();
});
