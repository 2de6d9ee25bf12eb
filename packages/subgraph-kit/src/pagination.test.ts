import { expect, test } from 'vitest';
import { z } from 'zod';
import { CursorPart, decodeCursor, encodeCursor, parsePage, toConnection } from './pagination.ts';

const Cursor = z.tuple([CursorPart.instant, CursorPart.id]);
const id = '0193516f-8f3e-7abc-8def-0123456789ab';

test('a cursor comes out as it went in', () => {
  const at = new Date('2026-11-21T07:30:00.123Z');
  expect(decodeCursor(encodeCursor([at, id]), Cursor)).toEqual([at, id]);
});

test('a cursor of another list, a changed one and nonsense are refused by name', () => {
  for (const cursor of [encodeCursor([1]), 'nonsense', '', encodeCursor([id, id]), 'x'.repeat(10_000)]) {
    expect(() => parsePage({ first: 10, after: cursor }, Cursor)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', details: expect.objectContaining({ argument: 'after' }) }),
    );
  }
});

test('a cursor whose parts no database can compare with is refused by name', () => {
  const refused = [
    ...[-8.64e15, '-271821-04-20T00:00:00.000Z', '0000-01-01T00:00:00Z', null].map((part) => [
      CursorPart.instant,
      part,
    ]),
    ...[1e12, -1e15, 0.5, Number.MAX_SAFE_INTEGER].map((part) => [CursorPart.integer, part]),
    ...[1e308, -1e-300].map((part) => [CursorPart.real, part]),
    ...['a\u0000b', '\ud800'].map((part) => [CursorPart.text, part]),
  ] as [z.ZodType, string | number | null][];
  for (const [schema, part] of refused) {
    expect(() => decodeCursor(encodeCursor([part]), z.tuple([schema])), String(part)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', details: expect.objectContaining({ argument: 'after' }) }),
    );
  }
  expect(decodeCursor(encodeCursor([0.06079271]), z.tuple([CursorPart.real]))).toEqual([0.06079271]);
});

test('a page asks for one row more, between 1 and 100', () => {
  expect(parsePage({ first: 100 }, Cursor)).toEqual({ first: 100, limit: 101, after: null });
  for (const first of [0, -1, 101, 1.5, Number.NaN]) {
    expect(() => parsePage({ first }, Cursor)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', details: expect.objectContaining({ argument: 'first' }) }),
    );
  }
});

test('the row too many says that a page follows and is not shown', () => {
  const options = { first: 2, cursorOf: (row: number) => encodeCursor([row]) };
  const page = toConnection([1, 2, 3], { ...options, hasPreviousPage: true });
  expect(page.edges.map(({ node }) => node)).toEqual([1, 2]);
  expect(page.pageInfo).toEqual({
    hasNextPage: true,
    hasPreviousPage: true,
    startCursor: encodeCursor([1]),
    endCursor: encodeCursor([2]),
  });
  expect(toConnection([1, 2], options).pageInfo.hasNextPage).toBe(false);
  expect(toConnection([], options).pageInfo).toMatchObject({ startCursor: null, endCursor: null });
});
