/**
 * The short way of coercing variables: values that are what their types say already, as most are, need no more than a look.
 *
 * What an operation declares is prepared once. Whatever is not plain (input objects, custom scalars, values to convert or
 * to refuse) is left to graphql-js as a whole, so that there is one place that converts and refuses.
 */
import { isStorable } from '@lyceum/service-kit';
import {
  GraphQLBoolean,
  GraphQLFloat,
  GraphQLID,
  type GraphQLInputType,
  GraphQLInt,
  GraphQLString,
  isEnumType,
  isInputType,
  isListType,
  isNonNullType,
  typeFromAST,
  type VariableDefinitionNode,
} from 'graphql';
import type { PlannedOperation } from './plan/plan-operation.ts';

type Values = Readonly<Record<string, unknown>>;

/** The variables as graphql-js would coerce them; null where that takes more than a look. */
export type ReadPlain = (inputs: Values) => Values | null;

/** Whether the value stays what it is. */
type IsPlain = (value: unknown) => boolean;

interface Variable {
  readonly name: string;
  readonly isPlain: IsPlain;
  readonly mayLack: boolean;
}

export function compilePlainVariables(planned: PlannedOperation): ReadPlain {
  const variables = (planned.operation.variableDefinitions ?? []).map((node) => compileVariable(node, planned));

  return (inputs) => {
    const values: Record<string, unknown> = {};
    for (const { name, isPlain, mayLack } of variables) {
      if (!Object.hasOwn(inputs, name)) {
        if (!mayLack) return null;
        continue;
      }
      const value = inputs[name];
      if (!isPlain(value)) return null;
      values[name] = value;
    }
    return values;
  };
}

function compileVariable(node: VariableDefinitionNode, { supergraph, conditions }: PlannedOperation): Variable {
  const name = node.variable.name.value;
  const type = typeFromAST(supergraph.schema, node.type);
  if (!isInputType(type) || name === '__proto__') return { name, isPlain: () => false, mayLack: false };
  const isPlain = plainOf(type);
  return {
    name,
    // Null is neither yes nor no where it decides what is asked: that is refused the long way.
    isPlain: conditions.includes(name) ? (value) => value !== null && isPlain(value) : isPlain,
    mayLack: node.defaultValue === undefined && !isNonNullType(type),
  };
}

function plainOf(type: GraphQLInputType): IsPlain {
  if (!isNonNullType(type)) {
    const isPlain = plainOfNonNull(type);
    return (value) => value === null || isPlain(value);
  }
  return plainOfNonNull(type.ofType);
}

function plainOfNonNull(type: GraphQLInputType): IsPlain {
  if (isListType(type)) {
    const isPlain = plainOf(type.ofType);
    return (value) => Array.isArray(value) && value.every(isPlain);
  }
  if (isEnumType(type)) {
    const names = new Set(type.getValues().flatMap(({ name, value }) => (name === value ? [name] : [])));
    return (value) => typeof value === 'string' && names.has(value);
  }
  return PLAIN_SCALARS.get(type) ?? (() => false);
}

const isText: IsPlain = (value) => typeof value === 'string' && isStorable(value);

/** By the built-in types themselves: a schema's own scalar of the same name is another. */
const PLAIN_SCALARS = new Map<GraphQLInputType, IsPlain>([
  [GraphQLString, isText],
  [GraphQLID, isText],
  [GraphQLInt, (value) => typeof value === 'number' && (value | 0) === value],
  [GraphQLFloat, (value) => typeof value === 'number' && Number.isFinite(value)],
  [GraphQLBoolean, (value) => typeof value === 'boolean'],
]);
