import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readStackEnvironment } from './config.ts';

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lyceum-config-test-'));
  file = join(folder, 'stack.env');
  await writeFile(file, '# written by a stack\nDATABASE_URL_USERS_S1=postgres://a/b\nREDIS_URL="redis://c"\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a running stack is found by the file it wrote, and the environment wins over it', () => {
  const { variables } = readStackEnvironment({ REDIS_URL: 'redis://mine', EMPTY: '' }, file);
  expect(variables).toEqual({ DATABASE_URL_USERS_S1: 'postgres://a/b', REDIS_URL: 'redis://mine' });
});

test('an environment that names databases is taken as it is', () => {
  const source = { DATABASE_URL_USERS_S1: 'postgres://x/y' };
  expect(readStackEnvironment(source, file)).toEqual({ variables: source, origin: 'the environment' });
});

test('without a stack the message says how to get one', () => {
  expect(() => readStackEnvironment({}, join(folder, 'none'))).toThrow(/npm start/);
});
