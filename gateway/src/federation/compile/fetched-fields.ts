/**
 * Reads from the operation of a fetch what its answer will hold, under the names that it has after the plan's rewrites.
 */
import type { FetchNode } from '@apollo/query-planner';
import { Kind, type SelectionSetNode, visit } from 'graphql';
import { documentOf } from '../plan/document-of.ts';

export interface FetchedField {
  readonly key: string;
  readonly composite: boolean;
  /** Absent if it is asked for whatever the type. */
  readonly types: readonly string[] | undefined;
}

/** What the answer adds to each object that it is merged into. */
export function fieldsOf(node: FetchNode): FetchedField[] {
  const document = documentOf(node);
  const fragments = new Map<string, SelectionSetNode>();
  let root: SelectionSetNode = { kind: Kind.SELECTION_SET, selections: [] };
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition.selectionSet);
    if (definition.kind === Kind.OPERATION_DEFINITION) root = definition.selectionSet;
  }
  const renamed = new Map<string, string>();
  for (const rewrite of node.outputRewrites ?? []) {
    const [key, ...below] = rewrite.path.filter((step) => !step.startsWith('... on '));
    if (rewrite.kind === 'KeyRenamer' && key !== undefined && below.length === 0) renamed.set(key, rewrite.renameKeyTo);
  }
  const found = new Map<string, FetchedField>();
  const visit = ({ selections }: SelectionSetNode, type?: string): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        visit(selection.selectionSet, selection.typeCondition?.name.value ?? type);
      } else if (selection.kind === Kind.FRAGMENT_SPREAD) visit(fragments.get(selection.name.value)!, type);
      else if (selection.name.value === '_entities' && node.requires) visit(selection.selectionSet!);
      else {
        const asked = (selection.alias ?? selection.name).value;
        const key = renamed.get(asked) ?? asked;
        const known = found.get(key);
        const everywhere = type === undefined || (known && !known.types);
        const types = everywhere ? undefined : [...(known?.types ?? []), type];
        found.set(key, { key, composite: selection.selectionSet !== undefined, types });
      }
    }
  };
  visit(root);
  return [...found.values()];
}

/** The ways to all objects that the answer may hold. Null where they are not followed: through fragments and rewrites. */
export function objectPathsOf(node: FetchNode): ReadonlySet<string> | null {
  const document = documentOf(node);
  if (document.definitions.length > 1) return null;
  if (node.outputRewrites?.some(({ kind }) => kind === 'KeyRenamer')) return null;
  const paths = new Set<string>();
  const way: string[] = [];
  visit(document, {
    Field: {
      enter({ alias, name, selectionSet }) {
        way.push((alias ?? name).value);
        // Below `_entities`, if the fetch is one of entities.
        if (selectionSet) paths.add(pathOf(node.requires ? way.slice(1) : way));
      },
      leave() {
        way.pop();
      },
    },
  });
  return paths;
}

/** As `objectPathsOf` writes a way. */
export function pathOf(keys: readonly string[]): string {
  return keys.join('.');
}
