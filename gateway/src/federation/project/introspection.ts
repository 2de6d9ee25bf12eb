/**
 * Answers `__schema` and `__type`: graphql-js runs these fields of an operation, and nothing else of it, on the public
 * schema. The last answer of an operation is kept: tools ask the same again and again.
 */
import {
  executeSync,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
} from 'graphql';
import type { Data } from '../compile/data.ts';

/** Throws if graphql-js reports an error, which a valid operation cannot cause. */
export type Introspect = (fields: readonly FieldNode[], variables: Readonly<Record<string, unknown>>) => Data;

export function createIntrospection(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  fragments: Readonly<Record<string, FragmentDefinitionNode>>,
): Introspect {
  let last: { key: string; answer: Data } | undefined;

  return (fields, variables) => {
    const key = JSON.stringify([
      fields.map(({ loc, alias, name }) => [loc?.start, alias?.value, name.value]),
      variables,
    ]);
    if (last?.key === key) return last.answer;
    const document = {
      kind: Kind.DOCUMENT,
      definitions: [
        {
          ...operation,
          operation: OperationTypeNode.QUERY,
          directives: [],
          selectionSet: { kind: Kind.SELECTION_SET, selections: fields },
        } satisfies OperationDefinitionNode,
        ...Object.values(fragments),
      ],
    } as const;
    const { data, errors } = executeSync({ schema, document, variableValues: variables });
    if (errors?.[0]) throw errors[0];
    last = { key, answer: data as Data };
    return last.answer;
  };
}
