import { type FragmentDefinitionNode, Kind, type OperationDefinitionNode, parse } from 'graphql';
import { expect, test } from 'vitest';
import { measureOperation } from './operation-size.ts';

function sizeOf(source: string) {
  const { definitions } = parse(source);
  const operation = definitions.find((d): d is OperationDefinitionNode => d.kind === Kind.OPERATION_DEFINITION);
  const fragments = definitions.filter((d): d is FragmentDefinitionNode => d.kind === Kind.FRAGMENT_DEFINITION);
  if (!operation) throw new Error('no operation');
  return measureOperation(operation, Object.fromEntries(fragments.map((f) => [f.name.value, f])));
}

test('fields are counted as they will be executed', () => {
  expect(sizeOf('{ a b: c { d e: f } }')).toEqual({
    depth: 2,
    fields: 4,
    aliases: 2,
    rootFields: 2,
    introspects: false,
  });
});

test('fragments count wherever they are spread, and add no depth of their own', () => {
  const size = sizeOf('{ a { ...F ... on T { ...F } } ...G } fragment F on T { x: y { z } } fragment G on Query { g }');
  expect(size).toEqual({ depth: 3, fields: 6, aliases: 2, rootFields: 2, introspects: false });
});

test('a document that doubles with each fragment is measured in its real size, in linear time', () => {
  const fragments = Array.from({ length: 60 }, (_, i) => `fragment F${i} on T { ...F${i + 1} ...F${i + 1} }`);
  expect(sizeOf(`{ ...F0 } ${fragments.join(' ')} fragment F60 on T { id }`).fields).toBe(2 ** 60);
});

test('a fragment that spreads itself does not keep the measuring from ending', () => {
  expect(sizeOf('{ ...F } fragment F on T { id ...F }').fields).toBe(1);
});

test('introspection is seen through fragments', () => {
  expect(sizeOf('{ ...F } fragment F on Query { t: __type(name: "T") { name } }').introspects).toBe(true);
  expect(sizeOf('{ __typename }').introspects).toBe(false);
});
