/**
 * How many objects a field may bring, by the arguments that say so: `first`, `last` and `limit`.
 *
 * A value that is absent has the default of its variable, and then that of its argument. Of several the largest counts.
 * Null, and what is no number, says nothing; the size is assumed then.
 */
import { type FieldNode, type GraphQLField, Kind, type OperationDefinitionNode, type ValueNode } from 'graphql';
import type { Size, Variables } from './cost-formula.ts';

const SLICING: ReadonlySet<string> = new Set(['first', 'last', 'limit']);

/** What one argument says. */
interface Said {
  readonly variable?: string;
  /** Unless the variable says something. */
  readonly otherwise?: number;
}

/** Undefined if the field has no such argument. */
export function sizeByArguments(
  { args }: GraphQLField<unknown, unknown>,
  node: FieldNode,
  operation: OperationDefinitionNode,
  assumed: number,
): Size | undefined {
  const said = args
    .filter(({ name }) => SLICING.has(name))
    .map(({ name, defaultValue }) => {
      const given = node.arguments?.find((argument) => argument.name.value === name)?.value;
      return readArgument(given, toNumber(defaultValue), operation);
    });
  if (said.length === 0) return undefined;
  if (said.every(({ variable }) => variable === undefined)) return largest(said, {}, assumed);
  return { key: JSON.stringify(said), of: (variables) => largest(said, variables, assumed) };
}

function readArgument(
  given: ValueNode | undefined,
  byDefault: number | undefined,
  operation: OperationDefinitionNode,
): Said {
  if (given === undefined) return { otherwise: byDefault };
  if (given.kind !== Kind.VARIABLE) return { otherwise: literal(given) };
  const variable = given.name.value;
  const declared = operation.variableDefinitions?.find((definition) => definition.variable.name.value === variable);
  return { variable, otherwise: declared?.defaultValue ? literal(declared.defaultValue) : byDefault };
}

function literal(node: ValueNode): number | undefined {
  return node.kind === Kind.INT || node.kind === Kind.FLOAT ? Number(node.value) : undefined;
}

function largest(said: readonly Said[], variables: Variables, assumed: number): number {
  let size: number | undefined;
  for (const { variable, otherwise } of said) {
    const given = variable !== undefined && Object.hasOwn(variables, variable) ? variables[variable] : undefined;
    const value = given === undefined ? otherwise : toNumber(given);
    if (value !== undefined) size = Math.max(size ?? 0, value);
  }
  return size ?? assumed;
}

function toNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
