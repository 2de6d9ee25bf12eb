/**
 * Decides `@skip` and `@include` before planning.
 *
 * A plan with conditions in it goes wrong in places: what was excluded is asked for, or what a mutation does is done
 * twice. So an operation is planned for each combination of conditions that comes up, without any. A selection of which
 * nothing is left asks for the type, so that the object itself is still fetched.
 */
import {
  type DefinitionNode,
  type DirectiveNode,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  getDirectiveValues,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';

/** The variables that `@skip` and `@include` read. */
export function conditionVariables(definitions: readonly DefinitionNode[]): string[] {
  const names = new Set<string>();
  const Directive = (node: DirectiveNode) => {
    if (!isCondition(node)) return;
    for (const { value } of node.arguments ?? []) if (value.kind === Kind.VARIABLE) names.add(value.name.value);
  };
  for (const definition of definitions) visit(definition, { Directive });
  return [...names];
}

/** `conditions` holds every variable that decides. */
export function withConditionsDecided(
  set: SelectionSetNode,
  conditions: Readonly<Record<string, boolean>>,
): SelectionSetNode {
  const selections = set.selections
    .filter((node) => isIncluded(node, conditions))
    .map((node) => {
      const directives = node.directives?.filter((directive) => !isCondition(directive));
      if (node.kind === Kind.FRAGMENT_SPREAD || !node.selectionSet) return { ...node, directives };
      return { ...node, directives, selectionSet: withConditionsDecided(node.selectionSet, conditions) };
    });
  return { ...set, selections: selections.length > 0 ? selections : [TYPENAME] };
}

export function isIncluded(node: SelectionNode, conditions: Readonly<Record<string, boolean>>): boolean {
  if (!node.directives?.length) return true;
  if (getDirectiveValues(GraphQLSkipDirective, node, conditions)?.if === true) return false;
  return getDirectiveValues(GraphQLIncludeDirective, node, conditions)?.if !== false;
}

function isCondition({ name }: DirectiveNode): boolean {
  return name.value === 'skip' || name.value === 'include';
}

const TYPENAME: SelectionNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };
