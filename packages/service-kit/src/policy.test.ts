import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { ConfigError } from './env.ts';
import { createLogger } from './logger.ts';
import { openPolicy } from './policy.ts';

const Limits = z.strictObject({ costMax: z.number().int().positive() });
const log = createLogger('test', { level: 'silent' });
let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lyceum-policy-'));
  file = join(folder, 'limits.yaml');
  await writeFile(file, 'costMax: 10\n');
});
afterEach(() => rm(folder, { recursive: true }));

test('an edit takes effect without a restart', async () => {
  await using policy = await open();
  await writeFile(file, 'costMax: 20\n');
  await expect.poll(() => policy.current.costMax).toBe(20);
});

test('an editor that replaces the file is noticed', async () => {
  await using policy = await open();
  for (const costMax of [30, 31]) {
    await writeFile(`${file}.new`, `costMax: ${costMax}\n`);
    await rename(`${file}.new`, file);
    await expect.poll(() => policy.current.costMax).toBe(costMax);
  }
});

test('the last good policy stays after a bad edit', async () => {
  await using policy = await open();
  for (const bad of ['costMax: -1\n', 'costMax: [\n', 'costMaxx: 5\n']) {
    await writeFile(file, bad);
    expect(await policy.reload()).toBe(false);
    expect(policy.current.costMax).toBe(10);
  }
});

test('a bad first read fails and names the file and every key', async () => {
  await writeFile(file, 'costMax: none\nother: 1\n');
  const failure = await openPolicy(file, Limits, { log }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ConfigError);
  expect((failure as ConfigError).message).toContain(file);
  expect((failure as ConfigError).problems).toHaveLength(2);
});

async function open() {
  const policy = await openPolicy(file, Limits, { log });
  return Object.assign(Object.create(policy) as typeof policy, { [Symbol.asyncDispose]: () => policy.close() });
}
