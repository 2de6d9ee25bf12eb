import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@lyceum/service-kit';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { openManifest } from './open-manifest.ts';

const log = createLogger('test', { level: 'silent' });
let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lyceum-manifest-'));
  file = join(folder, 'operations.json');
});
afterEach(() => rm(folder, { recursive: true }));

const manifestOf = (...operations: { id: string; body: string }[]) =>
  JSON.stringify({ format: 'apollo-persisted-query-manifest', version: 1, operations });

async function open({ required = false, maxBytes = 1_000 } = {}) {
  const manifest = await openManifest({ file, required, maxBytes: () => maxBytes, log });
  onTestFinished(() => manifest.close());
  return manifest;
}

test('a document is found by its id, and by its hash with the prefix of the specification', async () => {
  await writeFile(file, manifestOf({ id: 'abc', body: '{ a }' }));
  const { current } = await open();
  expect([current.textOf('abc'), current.textOf('sha256:abc'), current.textOf('x')]).toEqual([
    '{ a }',
    '{ a }',
    undefined,
  ]);
  expect([current.holds('{ a }'), current.holds('{ a  }')]).toEqual([true, false]);
});

test('a manifest is replaced without a restart, written or moved into place', async () => {
  const manifest = await open();
  expect(manifest.current.size).toBe(0);
  await writeFile(file, manifestOf({ id: 'first', body: '{ a }' }));
  await expect.poll(() => manifest.current.textOf('first')).toBe('{ a }');
  await writeFile(`${file}.new`, manifestOf({ id: 'second', body: '{ b }' }));
  await rename(`${file}.new`, file);
  await expect.poll(() => manifest.current.textOf('second')).toBe('{ b }');
  expect(manifest.current.textOf('first')).toBeUndefined();
});

test('the last good manifest outlives one that does not load, one that is too large, and the removal of its file', async () => {
  const seen: string[] = [];
  const listening = createLogger('test', { level: 'error', destination: { write: (line) => seen.push(line) } });
  await writeFile(file, manifestOf({ id: 'good', body: '{ a }' }));
  const manifest = await openManifest({ file, required: true, maxBytes: () => 1_000, log: listening });
  onTestFinished(() => manifest.close());
  const bad = ['{', '{}', manifestOf({ id: 'a', body: '{ a }' }, { id: 'a', body: '{ b }' }), ' '.repeat(2_000)];
  for (const [at, text] of bad.entries()) {
    await writeFile(file, text);
    await expect.poll(() => seen.length).toBe(at + 1);
  }
  await rm(file);
  await expect.poll(() => seen.length).toBe(bad.length + 1);
  expect(manifest.current.textOf('good')).toBe('{ a }');
});

test('a gateway does not start with a manifest that is named and absent, or there and bad', async () => {
  await expect(open({ required: true })).rejects.toThrow(/ENOENT/);
  await writeFile(file, manifestOf({ id: '', body: '{ a }' }));
  await expect(open()).rejects.toThrow(/operations\.0\.id/);
});
