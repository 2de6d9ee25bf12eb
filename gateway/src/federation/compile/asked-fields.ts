/**
 * What the client's operation asks for, as a tree of the data's keys, whatever the types. A plan also fetches what only it
 * needs; an error of such a field must not name a place that the response does not have.
 */
import { type FragmentDefinitionNode, Kind, type OperationDefinitionNode, type SelectionSetNode } from 'graphql';

export interface AskedFields {
  /** Absent if the operation does not ask for the key here. */
  below(key: string): AskedFields | undefined;
}

/** `definitions` name each field as the data does. Looked into only when there are errors. */
export function askedFields(definitions: readonly (OperationDefinitionNode | FragmentDefinitionNode)[]): AskedFields {
  const fragments = new Map<string, SelectionSetNode>();
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition.selectionSet);
  }
  function within(sets: readonly SelectionSetNode[]): AskedFields {
    let fields: Map<string, SelectionSetNode[]> | undefined;
    const known = new Map<string, AskedFields>();
    return {
      below(key) {
        fields ??= gather(sets);
        const selected = fields.get(key);
        if (!selected) return undefined;
        const found = known.get(key) ?? within(selected);
        known.set(key, found);
        return found;
      },
    };
  }
  function gather(sets: readonly SelectionSetNode[]): Map<string, SelectionSetNode[]> {
    const fields = new Map<string, SelectionSetNode[]>();
    const visited = new Set<string>();
    const visit = ({ selections }: SelectionSetNode): void => {
      for (const node of selections) {
        if (node.kind === Kind.INLINE_FRAGMENT) visit(node.selectionSet);
        else if (node.kind === Kind.FRAGMENT_SPREAD) {
          const fragment = fragments.get(node.name.value);
          if (fragment && !visited.has(node.name.value)) visit(fragment);
          visited.add(node.name.value);
        } else {
          const key = (node.alias ?? node.name).value;
          fields.set(key, [...(fields.get(key) ?? []), ...(node.selectionSet ? [node.selectionSet] : [])]);
        }
      }
    };
    for (const set of sets) visit(set);
    return fields;
  }
  return within(definitions.flatMap((one) => (one.kind === Kind.OPERATION_DEFINITION ? [one.selectionSet] : [])));
}
