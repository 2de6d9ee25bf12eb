/**
 * Decides `@skip` and `@include` with constants before planning: the planner forgets such conditions in some places, and
 * then asks for what the client has excluded. A selection of which nothing is left asks for the type, so that the object
 * itself is still fetched.
 */
import {
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  getDirectiveValues,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

export function withoutConstantConditions(set: SelectionSetNode): SelectionSetNode {
  const selections = set.selections.flatMap((node) => decided(node) ?? []);
  return { ...set, selections: selections.length > 0 ? selections : [TYPENAME] };
}

/** Null for what is excluded. */
function decided(node: SelectionNode): SelectionNode | null {
  const directives: typeof node.directives = node.directives?.filter((directive) => {
    const name = directive.name.value;
    return (
      (name !== 'skip' && name !== 'include') || directive.arguments?.some(({ value }) => value.kind === Kind.VARIABLE)
    );
  });
  const constant = { directives: node.directives?.filter((directive) => !directives?.includes(directive)) };
  if (getDirectiveValues(GraphQLSkipDirective, constant)?.if === true) return null;
  if (getDirectiveValues(GraphQLIncludeDirective, constant)?.if === false) return null;
  if (node.kind === Kind.FRAGMENT_SPREAD || !node.selectionSet) return { ...node, directives };
  return { ...node, directives, selectionSet: withoutConstantConditions(node.selectionSet) } as SelectionNode;
}

const TYPENAME: SelectionNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };
