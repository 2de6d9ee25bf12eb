/**
 * Documents that are known by an id: run at every door, and the only ones where it is so decided.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { codeOf, doors, everyDoor } from './doors.ts';
import { openGateway, type TestGateway } from './harness.ts';

const BOOK = 'query Book($id: ID!) { book(id: $id) { title } }';
const BOOKS = '{ books { id } }';
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const byHash = (text: string) => ({ persistedQuery: { version: 1, sha256Hash: hashOf(text) } });
const SOLARIS = { data: { book: { title: 'Solaris' } } };

let directory: string;
let file: string;
let gateway: TestGateway;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lyceum-manifest-'));
  file = join(directory, 'operations.json');
  await writeFile(file, manifestOf({ [hashOf(BOOK)]: BOOK, 'all-books': BOOKS }));
  gateway = await openGateway('', undefined, { PERSISTED_OPERATIONS_FILE: file });
});
afterAll(async () => {
  await gateway.close();
  await rm(directory, { recursive: true });
});

function manifestOf(documents: Record<string, string>): string {
  const operations = Object.entries(documents).map(([id, body]) => ({ id, name: 'Name', type: 'query', body }));
  return JSON.stringify({ format: 'apollo-persisted-query-manifest', version: 1, operations });
}

for (const [door, ask] of everyDoor) {
  test(`a document is run by its id: ${door}`, async () => {
    const variables = { id: 'b2' };
    expect(await ask(gateway, { documentId: hashOf(BOOK), variables })).toEqual(SOLARIS);
    expect(await ask(gateway, { documentId: `sha256:${hashOf(BOOK)}`, variables })).toEqual(SOLARIS);
    expect(await ask(gateway, { extensions: byHash(BOOK), variables })).toEqual(SOLARIS);
    expect(await ask(gateway, { documentId: 'all-books' })).toEqual({ data: { books: [{ id: 'b1' }, { id: 'b2' }] } });
  });

  test(`an id that is not known is told in the words that Apollo's clients look for: ${door}`, async () => {
    for (const params of [{ documentId: 'unknown' }, { extensions: byHash('{ unknown }') }]) {
      const { errors } = await ask(gateway, params);
      expect(errors).toEqual([
        {
          message: 'PersistedQueryNotFound',
          extensions: { code: 'PERSISTED_QUERY_NOT_FOUND', details: { remedy: expect.any(String) } },
        },
      ]);
    }
  });

  test(`a text is run, and not registered by its hash: ${door}`, async () => {
    const query = '{ book(id: "b2") { title } }';
    expect(await ask(gateway, { query, extensions: byHash(query) })).toEqual(SOLARIS);
    expect(codeOf(await ask(gateway, { extensions: byHash(query) }))).toBe('PERSISTED_QUERY_NOT_FOUND');
  });

  test(`a text and an id at once are refused, and so is an id that is no text: ${door}`, async () => {
    expect(codeOf(await ask(gateway, { query: BOOKS, documentId: 'all-books' }))).toBe('BAD_REQUEST');
    const extensions = { persistedQuery: { version: 1, sha256Hash: 7 } };
    expect(codeOf(await ask(gateway, { extensions }))).toBe('BAD_REQUEST');
  });
}

test('where only registered documents are served, one may be sent as its text', async () => {
  const ask = async (params: object) => codeOf(await doors.POST(gateway, params));
  onTestFinished(() => gateway.setPolicy(''));
  await gateway.setPolicy('persistedOperations: { only: true }');
  await expect.poll(() => ask({ query: '{ books { title } }' })).toBe('FORBIDDEN');
  expect(await ask({ query: BOOKS })).toBe('OK');
  expect(await ask({ documentId: 'all-books' })).toBe('OK');
});
