/**
 * Splits a fetch from a subgraph with `@interfaceObject` where it asks for fields that require something.
 *
 * The planner asks for a field of all implementations, although the client asks for it of one, and has what it requires
 * fetched for that one alone. So such fields are asked for by themselves, of the objects of which it is known.
 */
import type { FetchNode, QueryPlanSelectionNode } from '@apollo/query-planner';
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type InlineFragmentNode,
  Kind,
  print,
  type SelectionNode,
  type SelectionSetNode,
  stripIgnoredCharacters,
  visit,
} from 'graphql';
import type { PlanRules } from './check-plan.ts';
import { documentOf } from './document-of.ts';

export interface SplitFetch {
  readonly fetch: FetchNode;
  /** It is only for objects of which these fields are known. */
  readonly needs?: ReadonlySet<string>;
}

/** The same fetch alone where nothing has to be split. */
export function splitFetch(fetch: FetchNode, rules: PlanRules): readonly SplitFetch[] {
  const known = rules.subgraphs.get(fetch.serviceName);
  const { requires } = fetch;
  if (!requires || !known?.interfaceObjects.size) return [{ fetch }];
  const document = withoutFragments(documentOf(fetch));
  const groups = new Map<string, { needs: ReadonlySet<string>; fields: Set<string> }>();
  eachEntityField(document, (type, field) => {
    const requirement = known.interfaceObjects.has(type) && known.requirements.get(`${type}.${field}`);
    if (!requirement) return;
    const text = print(requirement);
    const group = groups.get(text) ?? { needs: namesIn(requirement), fields: new Set<string>() };
    group.fields.add(`${type}.${field}`);
    groups.set(text, group);
  });
  if (groups.size === 0) return [{ fetch }];
  const apart = [...groups.values()];
  const moved = new Set(apart.flatMap(({ fields }) => [...fields]));
  const needed = new Set(apart.flatMap(({ needs }) => [...needs]));
  const split: SplitFetch[] = [
    { fetch: asking(fetch, document, (name) => !moved.has(name)) },
    ...apart.map(({ needs, fields }) => ({
      fetch: {
        ...asking(fetch, document, (name) => fields.has(name)),
        requires: without(requires, (name) => needed.has(name) && !needs.has(name)),
      },
      needs,
    })),
  ];
  return split.filter((part) => part.fetch.operation !== '');
}

/** The fields of each key by which the subgraph finds what the fetch asks for; none if that cannot be told. */
export function keysOfFetch(fetch: FetchNode, rules: PlanRules): ReadonlySet<string>[] {
  const known = rules.subgraphs.get(fetch.serviceName)?.keys;
  if (!fetch.requires || !known) return [];
  const types = new Set<string>();
  eachEntityField(withoutFragments(documentOf(fetch)), (type) => types.add(type));
  const keys = [...types].map((type) => known.get(type));
  return keys.includes(undefined) ? [] : keys.flatMap((sets) => (sets ?? []).map(namesIn));
}

/** The same with each fragment written where it is used: parts of it may have to go. */
function withoutFragments(document: DocumentNode): DocumentNode {
  const sets = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) if (node.kind === Kind.FRAGMENT_DEFINITION) sets.set(node.name.value, node);
  if (sets.size === 0) return document;
  const written = (set: SelectionSetNode): SelectionSetNode =>
    visit(set, {
      FragmentSpread({ name, directives }): InlineFragmentNode {
        const { typeCondition, selectionSet } = sets.get(name.value)!;
        return { kind: Kind.INLINE_FRAGMENT, typeCondition, directives, selectionSet: written(selectionSet) };
      },
    });
  const definitions = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  return {
    ...document,
    definitions: definitions.map((node) => ({ ...node, selectionSet: written(node.selectionSet) })),
  };
}

function namesIn({ selections }: SelectionSetNode): Set<string> {
  return new Set(
    selections.flatMap((node) => {
      if (node.kind === Kind.FIELD) return [node.name.value];
      return node.kind === Kind.INLINE_FRAGMENT ? [...namesIn(node.selectionSet)] : [];
    }),
  );
}

function without(nodes: readonly QueryPlanSelectionNode[], drop: (name: string) => boolean): QueryPlanSelectionNode[] {
  return nodes.flatMap((node): QueryPlanSelectionNode[] => {
    if (node.kind === 'Field') return drop(node.name) ? [] : [node];
    return [{ ...node, selections: without(node.selections, drop) }];
  });
}

function eachEntityField(document: DocumentNode, see: (type: string, field: string) => void): void {
  const within = ({ selections }: SelectionSetNode, type: string): void => {
    for (const node of selections) {
      if (node.kind === Kind.INLINE_FRAGMENT) within(node.selectionSet, node.typeCondition?.name.value ?? type);
      else if (node.kind === Kind.FIELD) see(type, node.name.value);
    }
  };
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    for (const node of definition.selectionSet.selections) {
      if (node.kind === Kind.FIELD && node.name.value === '_entities' && node.selectionSet)
        within(node.selectionSet, '');
    }
  }
}

/** The fetch with some of its fields; without an operation if none is left. The document has no named fragments. */
function asking(fetch: FetchNode, document: DocumentNode, keep: (name: string) => boolean): FetchNode {
  const filtered = (set: SelectionSetNode, type: string): SelectionSetNode | null => {
    const selections = set.selections.flatMap((node): SelectionNode[] => {
      if (node.kind === Kind.FIELD) return keep(`${type}.${node.name.value}`) ? [node] : [];
      if (node.kind !== Kind.INLINE_FRAGMENT) return [];
      const below = filtered(node.selectionSet, node.typeCondition?.name.value ?? type);
      return below ? [{ ...node, selectionSet: below }] : [];
    });
    const isEmpty = selections.every((node) => node.kind === Kind.FIELD && node.name.value === '__typename');
    return isEmpty ? null : { ...set, selections };
  };
  let isLeft = false;
  const changed: DocumentNode = visit(document, {
    Field(node) {
      if (node.name.value !== '_entities' || !node.selectionSet) return false;
      const selectionSet = filtered(node.selectionSet, '');
      isLeft = selectionSet !== null;
      return { ...node, selectionSet: selectionSet ?? node.selectionSet };
    },
  });
  if (!isLeft) return { ...fetch, operation: '' };
  const used = new Set<string>();
  visit(changed, { VariableDefinition: () => false, Variable: ({ name }) => void used.add(name.value) });
  const operationDocumentNode: DocumentNode = visit(changed, {
    VariableDefinition: (node) => (used.has(node.variable.name.value) ? undefined : null),
  });
  return {
    ...fetch,
    operation: stripIgnoredCharacters(print(operationDocumentNode)),
    operationDocumentNode,
    variableUsages: fetch.variableUsages?.filter((name) => used.has(name)),
  };
}
