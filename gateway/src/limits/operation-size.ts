/**
 * Measures what an operation asks for, before it is validated or planned.
 *
 * Fragments count wherever they are spread, each measured once, so that a document which doubles itself with every
 * fragment is seen in its real size at linear cost. `__typename` and introspection count like any other field.
 */
import { type FragmentDefinitionNode, Kind, type OperationDefinitionNode, type SelectionSetNode } from 'graphql';

export interface OperationSize {
  /** Fields below one another; `{ a { b } }` is 2. */
  readonly depth: number;
  readonly fields: number;
  readonly aliases: number;
  readonly rootFields: number;
  /** Whether the root selects `__schema` or `__type`. */
  readonly introspects: boolean;
}

const NOTHING: OperationSize = { depth: 0, fields: 0, aliases: 0, rootFields: 0, introspects: false };

const measured = new WeakMap<OperationDefinitionNode, OperationSize>();

/** Remembered per parsed operation. A fragment that spreads itself counts as nothing here; validation refuses it. */
export function measureOperation(
  operation: OperationDefinitionNode,
  fragments: Readonly<Record<string, FragmentDefinitionNode>>,
): OperationSize {
  const known = measured.get(operation);
  if (known) return known;

  const sizes = new Map<string, OperationSize>();

  function sizeOfFragment(name: string): OperationSize {
    const size = sizes.get(name);
    if (size) return size;
    sizes.set(name, NOTHING);
    const fragment = fragments[name];
    const result = fragment ? sizeOf(fragment.selectionSet) : NOTHING;
    sizes.set(name, result);
    return result;
  }

  function sizeOf({ selections }: SelectionSetNode): OperationSize {
    return selections.reduce((sum, selection) => {
      if (selection.kind === Kind.FRAGMENT_SPREAD) return beside(sum, sizeOfFragment(selection.name.value));
      if (selection.kind === Kind.INLINE_FRAGMENT) return beside(sum, sizeOf(selection.selectionSet));
      const below = selection.selectionSet ? sizeOf(selection.selectionSet) : NOTHING;
      return beside(sum, {
        depth: below.depth + 1,
        fields: below.fields + 1,
        aliases: below.aliases + (selection.alias ? 1 : 0),
        rootFields: 1,
        introspects: selection.name.value === '__schema' || selection.name.value === '__type',
      });
    }, NOTHING);
  }

  const size = sizeOf(operation.selectionSet);
  measured.set(operation, size);
  return size;
}

function beside(one: OperationSize, other: OperationSize): OperationSize {
  return {
    depth: Math.max(one.depth, other.depth),
    fields: one.fields + other.fields,
    aliases: one.aliases + other.aliases,
    rootFields: one.rootFields + other.rootFields,
    introspects: one.introspects || other.introspects,
  };
}
