/**
 * Plans one small operation for every root field before clients do: a planner that has just been built answers its
 * first questions many times more slowly than later ones.
 *
 * Nothing is kept of it but warm code and the planner's own memory of its graph.
 */
import { setImmediate } from 'node:timers/promises';
import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
  OperationTypeNode,
} from 'graphql';
import { parseOperation } from '../parse-operation.ts';
import type { Supergraph } from '../supergraph/build-supergraph.ts';
import { planOperation } from './plan-operation.ts';

/** Lets other work run between two operations. Returns how many were planned. */
export async function rehearsePlanning(supergraph: Supergraph): Promise<number> {
  const sources = rootFieldOperations(supergraph.schema);
  for (const source of sources) {
    planOperation(supergraph, parseOperation(source, null));
    await setImmediate();
  }
  return sources.length;
}

/** An operation for each root field: its required arguments as variables, the leaves of what it returns selected. */
export function rootFieldOperations(schema: GraphQLSchema): string[] {
  return Object.values(OperationTypeNode).flatMap((operation) => {
    const fields = Object.values(schema.getRootType(operation)?.getFields() ?? {});
    return fields.map((field) => `${operation}${operationOn(schema, field)}`);
  });
}

function operationOn(schema: GraphQLSchema, field: GraphQLField<unknown, unknown>): string {
  const required = field.args.filter(isRequiredArgument);
  const variables = required.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ');
  const passed = required.map(({ name }) => `${name}: $${name}`).join(', ');
  const inBrackets = (list: string) => (list === '' ? '' : `(${list})`);
  const selection = selectionOf(schema, getNamedType(field.type), 1);
  return `${inBrackets(variables)} { ${field.name}${inBrackets(passed)} ${selection} }`;
}

function selectionOf(schema: GraphQLSchema, type: GraphQLNamedType, depth: number): string {
  if (isLeafType(type)) return '';
  if (isAbstractType(type)) {
    const members = schema.getPossibleTypes(type).map((m) => `... on ${m.name} ${selectionOf(schema, m, depth)}`);
    return `{ __typename ${members.join(' ')} }`;
  }
  if (!isObjectType(type)) return '{ __typename }';
  const fields = Object.values(type.getFields()).filter(({ args }) => !args.some(isRequiredArgument));
  const selected = fields.flatMap(({ name, type: of }) => {
    const named = getNamedType(of);
    if (isLeafType(named)) return [name];
    return depth > 0 ? [`${name} ${selectionOf(schema, named, depth - 1)}`] : [];
  });
  return `{ __typename ${selected.join(' ')} }`;
}
