/**
 * Writes fragments on interfaces and unions out, one for each type that a value may be of.
 *
 * The planner fails on some fragments whose type a subgraph with `@interfaceObject` does not know. What it fails on is
 * planned again in this longer form.
 */
import {
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  type InlineFragmentNode,
  isAbstractType,
  isCompositeType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

/** Fragments that are named are put in place. */
export function withConcreteFragments(
  schema: GraphQLSchema,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  parent: GraphQLNamedType,
  set: SelectionSetNode,
): SelectionSetNode {
  const below = (type: GraphQLNamedType, selections: SelectionSetNode) =>
    withConcreteFragments(schema, fragments, type, selections);

  const expand = (node: SelectionNode): SelectionNode[] => {
    if (node.kind === Kind.FIELD) {
      const field = 'getFields' in parent ? parent.getFields()[node.name.value] : undefined;
      if (!field || !node.selectionSet) return [node];
      return [
        {
          ...node,
          selectionSet: below(getNamedType(field.type) as GraphQLNamedType, node.selectionSet),
        } as SelectionNode,
      ];
    }
    const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
    if (!fragment) return [];
    const name = fragment.typeCondition?.name.value ?? parent.name;
    const condition = schema.getType(name);
    if (!isCompositeType(condition) || !isCompositeType(parent)) return [];
    const inline = (type: GraphQLNamedType): InlineFragmentNode => ({
      kind: Kind.INLINE_FRAGMENT,
      directives: node.directives,
      typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: type.name } },
      selectionSet: below(type, fragment.selectionSet),
    });
    const possible = isAbstractType(parent) ? schema.getPossibleTypes(parent) : [parent];
    return possible
      .filter((type) => type === condition || (isAbstractType(condition) && schema.isSubType(condition, type)))
      .map(inline);
  };
  const selections = set.selections.flatMap(expand);
  return { ...set, selections: selections.length > 0 ? selections : [TYPENAME] };
}

const TYPENAME: SelectionNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };
