import { readFileSync } from 'node:fs';
import { LyceumError } from '@lyceum/service-kit';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { ModelsPolicy } from './catalogue.ts';
import type { ChatChunk, ChatModel } from './chat-model.ts';
import { baseUrlOf, createModelRouter } from './router.ts';

const entry = (name: string, extra: object = {}) => ({
  name,
  providerModel: name,
  baseUrlEnv: `URL_${name.toUpperCase()}`,
  contextTokens: 8_192,
  pricePer1kTokens: { prompt: 0, completion: 0 },
  tasks: ['QUIZ', 'SUMMARY', 'EXPLANATION'],
  ...extra,
});
const policyOf = (models: object[], names: string[]) =>
  ModelsPolicy.parse({ version: 1, models, routes: { QUIZ: names, SUMMARY: names, EXPLANATION: names } });
const request = { messages: [], jsonSchema: null, maxOutputTokens: 10 };
const end: ChatChunk = { type: 'end', usage: { promptTokens: 1, completionTokens: 1 }, isComplete: true };
const signal = new AbortController().signal;

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

function modelThat(name: string, answer: () => Iterable<ChatChunk>): ChatModel {
  return {
    name,
    async *stream() {
      yield* answer();
    },
  };
}
const down = () => {
  throw new LyceumError('MODEL_UNAVAILABLE');
};

test('the shipped catalogue is valid and serves every task', () => {
  const policy = ModelsPolicy.parse(
    parse(readFileSync(new URL('../../../config/models.yaml', import.meta.url), 'utf8')),
  );
  const router = createModelRouter({
    policy: { current: policy },
    env: { MODEL_EMBEDDED_URL: 'http://127.0.0.1:4006' },
  });
  for (const task of ['QUIZ', 'SUMMARY', 'EXPLANATION'] as const) {
    expect(router.entriesFor(task).map(({ name }) => name)).toEqual(['embedded']);
  }
});

test('unknown keys, unknown models and models that cannot do the task are refused with their place', () => {
  const bad = ModelsPolicy.safeParse({
    version: 1,
    models: [entry('a'), entry('b', { speed: 3 })],
    routes: { QUIZ: ['a'], SUMMARY: ['a'], EXPLANATION: ['a'] },
  });
  expect(bad.error?.issues[0]?.path).toEqual(['models', 1]);
  expect(() => policyOf([entry('a')], ['missing'])).toThrow('is not a model');
  expect(() => policyOf([entry('a', { tasks: ['SUMMARY'] })], ['a'])).toThrow('cannot do QUIZ');
});

test('an entry whose address or key is not set is skipped', () => {
  const current = policyOf([entry('a'), entry('b', { apiKeyEnv: 'KEY_B' }), entry('c')], ['a', 'b', 'c']);
  const env = { URL_B: 'http://b', URL_C: 'http://c' };
  const names = (more: object = {}) =>
    createModelRouter({ policy: { current }, env: { ...env, ...more } })
      .entriesFor('QUIZ')
      .map(({ name }) => name);
  expect(names()).toEqual(['c']);
  expect(names({ KEY_B: 'k' })).toEqual(['b', 'c']);
});

test('the next model is asked while one is unavailable', async () => {
  const asked: string[] = [];
  const router = createModelRouter({
    policy: { current: policyOf([entry('a'), entry('b')], ['a', 'b']) },
    env: { URL_A: 'http://a', URL_B: 'http://b' },
    openModel: ({ name }) => modelThat(name, name === 'a' ? down : () => [{ type: 'delta', text: 'hi' }, end]),
  });
  const onModel = ({ name }: { name: string }) => void asked.push(name);
  expect(await all(router.stream('QUIZ', () => request, { signal, onModel }))).toHaveLength(2);
  expect(asked).toEqual(['a', 'b']);
});

test('a model that fails after its first word is not replaced in the middle of the text', async () => {
  const router = createModelRouter({
    policy: { current: policyOf([entry('a'), entry('b')], ['a', 'b']) },
    env: { URL_A: 'http://a', URL_B: 'http://b' },
    openModel: ({ name }) =>
      modelThat(name, function* () {
        yield { type: 'delta', text: name };
        down();
      }),
  });
  const seen: string[] = [];
  const reading = (async () => {
    for await (const chunk of router.stream('QUIZ', () => request, { signal })) {
      if (chunk.type === 'delta') seen.push(chunk.text);
    }
  })();
  await expect(reading).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
  expect(seen).toEqual(['a']);
});

test('a task without a usable model is MODEL_UNAVAILABLE', async () => {
  const router = createModelRouter({ policy: { current: policyOf([entry('a')], ['a']) }, env: {} });
  const reading = all(router.stream('QUIZ', () => request, { signal }));
  await expect(reading).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
});

test('a bare origin means the usual path of the protocol', () => {
  expect(baseUrlOf('http://127.0.0.1:4006')).toBe('http://127.0.0.1:4006/v1');
  expect(baseUrlOf('https://x.example/openai/v1/')).toBe('https://x.example/openai/v1');
});
