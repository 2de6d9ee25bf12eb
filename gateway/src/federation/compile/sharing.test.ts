import { expect, test } from 'vitest';
import type { FetchStep } from './fetch-step.ts';
import { joinedReferences } from './sharing.ts';

function fetchOf(place: string, more: Partial<FetchStep> = {}): FetchStep {
  const step: Partial<FetchStep> = {
    kind: 'fetch',
    pattern: place === '' ? [] : place.split('.'),
    place,
    compositeKeys: [],
    objectPaths: new Set(),
    ...(place !== '' && { represent: Object.assign(() => null, { keysOf: () => [] }) }),
    ...more,
  };
  return step as FetchStep;
}
const root = fetchOf('', { compositeKeys: ['books'], objectPaths: new Set(['books', 'books.author']) });
const context: FetchStep['context'] = () => '';

test('references that one fetch brings and all others reach alike are joined', () => {
  const names = fetchOf('books.@.author');
  const ages = fetchOf('books.@.author');
  const towns = fetchOf('books.@.author.town');
  expect(joinedReferences([root, names, ages, towns])).toEqual(new Set([names, ages]));
});

test.each<[string, FetchStep[]]>([
  ['two fetches may bring them', [fetchOf('books.@', { compositeKeys: ['author'], objectPaths: new Set(['author']) })]],
  ['nobody knows what else brings them', [fetchOf('books.@', { objectPaths: null })]],
  ['another fetch is only about those below some types', [fetchOf('books.@|[Novel].author')]],
  ['another fetch goes on only below some types', [fetchOf('books.@|[Novel].author.town')]],
  ['an argument is taken from what lies above', [fetchOf('books.@.author', { context })]],
  ['an argument further below is taken from what lies above', [fetchOf('books.@.author.town', { context })]],
])('references are kept apart where %s', (_why, others) => {
  const names = fetchOf('books.@.author');
  expect(joinedReferences([root, names, ...others]).has(names)).toBe(false);
});
