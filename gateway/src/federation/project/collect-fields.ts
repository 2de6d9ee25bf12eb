/**
 * Gathers what an operation selects on a type, in the order of the response: CollectFields of the GraphQL specification,
 * with the values of `@skip` and `@include` known.
 */
import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  isAbstractType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { isIncluded } from '../plan/conditions.ts';

export interface Selected {
  /** The key under which the data holds what a node selects. */
  keyOf(node: FieldNode): string;
  readonly schema: GraphQLSchema;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  /** The variables that directives read. */
  readonly conditions: Readonly<Record<string, boolean>>;
}

/** Response key → every node that selects it. `type` is an interface or union only where a value's type is unknown. */
export function collectFields(
  { schema, fragments, conditions }: Selected,
  type: GraphQLCompositeType,
  selectionSets: readonly SelectionSetNode[],
): Map<string, FieldNode[]> {
  const fields = new Map<string, FieldNode[]>();
  const visited = new Set<string>();

  const applies = (condition: string): boolean => {
    if (condition === type.name) return true;
    const wanted = schema.getType(condition);
    return isAbstractType(wanted) && (isObjectType(type) || 'getInterfaces' in type) && schema.isSubType(wanted, type);
  };
  const visit = ({ selections }: SelectionSetNode): void => {
    for (const node of selections) {
      if (!isIncluded(node, conditions)) continue;
      if (node.kind === Kind.FIELD) {
        const key = (node.alias ?? node.name).value;
        const known = fields.get(key);
        if (known) known.push(node);
        else fields.set(key, [node]);
      } else if (node.kind === Kind.INLINE_FRAGMENT) {
        if (!node.typeCondition || applies(node.typeCondition.name.value)) visit(node.selectionSet);
      } else if (!visited.has(node.name.value)) {
        visited.add(node.name.value);
        const fragment = fragments[node.name.value];
        if (fragment && applies(fragment.typeCondition.name.value)) visit(fragment.selectionSet);
      }
    }
  };
  for (const selectionSet of selectionSets) visit(selectionSet);
  return fields;
}
