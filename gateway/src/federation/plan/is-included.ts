/**
 * Whether `@skip` and `@include` let a selection stand.
 */
import { GraphQLIncludeDirective, GraphQLSkipDirective, getDirectiveValues, type SelectionNode } from 'graphql';

/** `conditions` holds every variable that decides. */
export function isIncluded(node: SelectionNode, conditions: Readonly<Record<string, boolean>>): boolean {
  if (!node.directives?.length) return true;
  if (getDirectiveValues(GraphQLSkipDirective, node, conditions)?.if === true) return false;
  return getDirectiveValues(GraphQLIncludeDirective, node, conditions)?.if !== false;
}
