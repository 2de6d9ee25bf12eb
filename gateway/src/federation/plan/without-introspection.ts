/**
 * Takes `__schema` and `__type` out of what is planned: the gateway answers them itself, and the planner knows an older
 * introspection than graphql-js, whose newer fields it refuses.
 */
import {
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

type Definition = OperationDefinitionNode | FragmentDefinitionNode;

/** Fragments that only introspection can use go as well. A selection of which nothing is left asks for the type. */
export function withoutIntrospection(definitions: readonly Definition[]): Definition[] {
  return definitions
    .filter((node) => node.kind !== Kind.FRAGMENT_DEFINITION || !node.typeCondition.name.value.startsWith('__'))
    .map((definition) => ({ ...definition, selectionSet: withoutFields(definition.selectionSet) }));
}

/** These fields stand at the root alone, in fragments or not. */
function withoutFields(set: SelectionSetNode): SelectionSetNode {
  if (!set.selections.some(mayHold)) return set;
  const selections = set.selections
    .filter((node) => !isIntrospection(node))
    .map((node) =>
      node.kind === Kind.INLINE_FRAGMENT ? { ...node, selectionSet: withoutFields(node.selectionSet) } : node,
    );
  return { ...set, selections: selections.length > 0 ? selections : [TYPENAME] };
}

function mayHold(node: SelectionNode): boolean {
  return node.kind === Kind.INLINE_FRAGMENT || isIntrospection(node);
}

function isIntrospection(node: SelectionNode): boolean {
  return node.kind === Kind.FIELD && (node.name.value === '__schema' || node.name.value === '__type');
}

const TYPENAME: SelectionNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };
