/**
 * Gathers what an operation selects on a type, in the order of the response: CollectFields of the GraphQL specification,
 * with the values of `@skip` and `@include` known.
 */
import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  type InlineFragmentNode,
  isAbstractType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { deferredUnder } from '../plan/defer.ts';
import { isIncluded } from '../plan/is-included.ts';

export interface Selected {
  /** The key under which the data holds what a node selects. */
  keyOf(node: FieldNode): string;
  readonly schema: GraphQLSchema;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  /** The variables that directives read. */
  readonly conditions: Readonly<Record<string, boolean>>;
  /** The labels of the fragments that are left for later. */
  readonly deferred: ReadonlySet<string>;
}

/**
 * Response key → every node that selects it. `type` is an interface or union only where a value's type is unknown. What is
 * left for later goes into `later`, by label.
 */
export function collectFields(
  { schema, fragments, conditions, deferred }: Selected,
  type: GraphQLCompositeType,
  selectionSets: readonly SelectionSetNode[],
  later?: Map<string, SelectionSetNode>,
): Map<string, FieldNode[]> {
  const fields = new Map<string, FieldNode[]>();
  const visited = new Set<string>();

  const applies = (condition: string): boolean => {
    if (condition === type.name) return true;
    const wanted = schema.getType(condition);
    return isAbstractType(wanted) && (isObjectType(type) || 'getInterfaces' in type) && schema.isSubType(wanted, type);
  };
  /** Whether the fragment applies is seen again when the type is known for certain. */
  const leave = (node: InlineFragmentNode, within: readonly InlineFragmentNode[] = []): void => {
    const label = deferredUnder(node, deferred);
    if (label === undefined) return;
    if (within.length === 0 && isObjectType(type) && node.typeCondition && !applies(node.typeCondition.name.value))
      return;
    const whole = [...within, { ...node, directives: [] }].reduceRight((inner, outer) => ({
      ...outer,
      selectionSet: { kind: Kind.SELECTION_SET, selections: [inner] },
    }));
    later?.set(label, { kind: Kind.SELECTION_SET, selections: [whole] });
  };
  /** A value of which only an interface is known may turn out to be of a type for which something was deferred. */
  const leaveAllIn = (node: InlineFragmentNode, within: readonly InlineFragmentNode[] = []): void => {
    for (const inner of node.selectionSet.selections) {
      if (inner.kind !== Kind.INLINE_FRAGMENT || !isIncluded(inner, conditions)) continue;
      leave(inner, [...within, node]);
      if (deferredUnder(inner, deferred) === undefined) leaveAllIn(inner, [...within, node]);
    }
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
        if (deferredUnder(node, deferred) !== undefined) leave(node);
        else if (!node.typeCondition || applies(node.typeCondition.name.value)) visit(node.selectionSet);
        else if (deferred.size > 0 && !isObjectType(type)) leaveAllIn(node);
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
