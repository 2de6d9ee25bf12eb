import { Kind, type OperationDefinitionNode, parse, print } from 'graphql';
import { expect, test } from 'vitest';
import { parseOperation } from '../parse-operation.ts';
import { activeDefers, labelDefers, usesDefer } from './defer.ts';

function labelled(source: string) {
  const { operation, fragments } = parseOperation(source, null);
  return labelDefers(operation, fragments);
}
/** By the labels that the document gives: each is asked for as it stands. */
function active(source: string, conditions: Record<string, boolean> = {}): string[] {
  const { operation, labels } = labelled(source);
  return [...activeDefers(operation, conditions)].map((own) => labels.get(own) ?? own);
}

test('a fragment that is spread twice is deferred under two labels, and keeps that of the client', () => {
  const { operation, labels } = labelled(
    '{ a { ...F } b { ...F } } fragment F on T { c ... @defer(label: "l") { d } }',
  );
  expect([...labels]).toEqual([
    ['d0', 'l'],
    ['d1', 'l'],
  ]);
  const expected = parse(
    '{ a { ... on T { c ... @defer(label: "d0") { d } } } b { ... on T { c ... @defer(label: "d1") { d } } } }',
  );
  expect(print(operation)).toBe(print(expected.definitions[0] as OperationDefinitionNode));
  expect(operation.kind).toBe(Kind.OPERATION_DEFINITION);
});

test('whether a document defers is seen in its fragments too', () => {
  const definitions = (source: string) => parse(source).definitions;
  expect(usesDefer(definitions('{ a @skip(if: false) } fragment F on T { c }'))).toBe(false);
  expect(usesDefer(definitions('{ ...F } fragment F on T { ... @defer { c } }'))).toBe(true);
});

test('conditions decide, those of @skip and @include as well', () => {
  const source = `query ($v: Boolean!) { ... @defer(label: "a", if: $v) { x } ... @defer(label: "b", if: false) { x }
    ... @defer(label: "c") @skip(if: $v) { x } a @include(if: $v) { ... @defer(label: "d", if: true) { x } } }`;
  expect(active(source, { v: true })).toEqual(['a', 'd']);
  expect(active(source, { v: false })).toEqual(['c']);
});

test('what stands directly in a deferred fragment comes with it, what stands below a field of it may come later', () => {
  expect(
    active('{ ... @defer(label: "a") { ... { ... @defer(label: "b") { x } } y { ... @defer(label: "c") { x } } } }'),
  ).toEqual(['a', 'c']);
});

test('more than can be planned in good time is not deferred, outer fragments first', () => {
  const many = Array.from({ length: 40 }, (_, i) => `f${i} { ... @defer(label: "l${i}") { x } }`).join(' ');
  expect(active(`{ ${many} }`)).toEqual(Array.from({ length: 16 }, (_, i) => `l${i}`));
  const deep = (n: number): string => (n === 7 ? 'x' : `... @defer(label: "l${n}") { a { ${deep(n + 1)} } }`);
  expect(active(`{ ${deep(0)} }`)).toEqual(['l0', 'l1', 'l2', 'l3']);
});
