/**
 * Checks a plan before it is run: what a fetch asks must be something that its subgraph can know.
 *
 * A planner's mistake would otherwise show as a wrong value without an error: a field computed without what it requires,
 * an entity asked for by a key that its subgraph does not resolve.
 */
import type { FetchNode, PlanNode, QueryPlan, QueryPlanSelectionNode } from '@apollo/query-planner';
import { type DocumentNode, Kind, type SelectionSetNode } from 'graphql';
import { documentOf } from './document-of.ts';
import { argumentOf, directivesOf, fieldedTypes, fieldSet, nameOf } from './join-directives.ts';

/** By the planner's names. */
export interface PlanRules {
  /** Type → field → the type it gives. */
  readonly types: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly subgraphs: ReadonlyMap<string, SubgraphRules>;
}

interface SubgraphRules {
  /** `Type.field` → what the subgraph must be given to answer it. */
  readonly requirements: ReadonlyMap<string, SelectionSetNode>;
  /** Type → the keys by which the subgraph finds its entities; none for an entity that it cannot find. */
  readonly keys: ReadonlyMap<string, readonly SelectionSetNode[]>;
  readonly interfaceObjects: ReadonlySet<string>;
}

export function readPlanRules(document: DocumentNode): PlanRules {
  const names = new Map<string, string>();
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.ENUM_TYPE_DEFINITION || definition.name.value !== 'join__Graph') continue;
    for (const value of definition.values ?? []) {
      const [graph] = directivesOf(value, 'join__graph');
      if (graph) names.set(value.name.value, argumentOf(graph, 'name'));
    }
  }
  const subgraphs = new Map(
    [...names.values()].map((name) => [
      name,
      {
        requirements: new Map<string, SelectionSetNode>(),
        keys: new Map<string, SelectionSetNode[]>(),
        interfaceObjects: new Set<string>(),
      },
    ]),
  );
  const types = new Map<string, Map<string, string>>();
  for (const [name, type] of fieldedTypes(document)) {
    types.set(name, new Map(type.fields?.map((field) => [field.name.value, nameOf(field.type)])));
    for (const directive of directivesOf(type, 'join__type')) {
      const key = argumentOf(directive, 'key');
      const rules = subgraphs.get(names.get(argumentOf(directive, 'graph')) ?? '');
      if (argumentOf(directive, 'isInterfaceObject') === 'true') rules?.interfaceObjects.add(name);
      if (!key || !rules) continue;
      const resolvable = argumentOf(directive, 'resolvable') !== 'false';
      rules.keys.set(name, [...(rules.keys.get(name) ?? []), ...(resolvable ? [fieldSet(key)] : [])]);
    }
    for (const field of type.fields ?? []) {
      for (const directive of directivesOf(field, 'join__field')) {
        const requires = argumentOf(directive, 'requires');
        const rules = subgraphs.get(names.get(argumentOf(directive, 'graph')) ?? '');
        if (requires) rules?.requirements.set(`${name}.${field.name.value}`, fieldSet(requires));
      }
    }
  }
  return { types, subgraphs };
}

/** Throws for a plan that would ask a subgraph for what it cannot know. */
export function checkPlan({ node }: QueryPlan, rules: PlanRules): void {
  if (!node) return;
  if (node.kind === 'Subscription') checkFetch(node.primary, rules);
  const steps = node.kind === 'Subscription' ? node.rest : node;
  if (steps) checkNode(steps, rules);
}

function checkNode(node: PlanNode, rules: PlanRules): void {
  if (node.kind === 'Fetch') checkFetch(node, rules);
  else for (const child of childrenOf(node)) if (child) checkNode(child, rules);
}

function childrenOf(node: Exclude<PlanNode, FetchNode>): readonly (PlanNode | undefined)[] {
  switch (node.kind) {
    case 'Flatten':
      return [node.node];
    case 'Condition':
      return [node.ifClause, node.elseClause];
    case 'Defer':
      return [node.primary.node, ...node.deferred.map((deferred) => deferred.node)];
    default:
      return node.nodes;
  }
}

function checkFetch(fetch: FetchNode, { types, subgraphs }: PlanRules): void {
  const rules = subgraphs.get(fetch.serviceName);
  if (!rules) return;
  const document = documentOf(fetch);
  const given = fetch.requires ?? [];

  const refuse = (what: string): never => {
    throw new Error(`The planner made a wrong plan: it asks ${fetch.serviceName} for ${what}.`);
  };

  /** `entered` at what a representation stands for: only there can anything be given. */
  function visit(type: string | undefined, { selections }: SelectionSetNode, entered: boolean): void {
    for (const node of selections) {
      if (node.kind === Kind.INLINE_FRAGMENT) {
        visit(node.typeCondition?.name.value ?? type, node.selectionSet, entered);
        continue;
      }
      if (node.kind === Kind.FRAGMENT_SPREAD) {
        const fragment = document.definitions.find(
          (one) => one.kind === Kind.FRAGMENT_DEFINITION && one.name.value === node.name.value,
        );
        if (fragment?.kind === Kind.FRAGMENT_DEFINITION) {
          visit(fragment.typeCondition.name.value, fragment.selectionSet, entered);
        }
        continue;
      }
      const name = node.name.value;
      if (name === '_entities' && fetch.requires) {
        if (node.selectionSet) visitEntities(node.selectionSet);
        continue;
      }
      const requirement = rules?.requirements.get(`${type}.${name}`);
      if (requirement && !(entered && covers(given, requirement))) refuse(`${type}.${name} without what it requires`);
      if (node.selectionSet) visit(types.get(type ?? '')?.get(name), node.selectionSet, false);
    }
  }

  function visitEntities(set: SelectionSetNode): void {
    for (const node of set.selections) {
      const type = node.kind === Kind.INLINE_FRAGMENT ? node.typeCondition?.name.value : undefined;
      const keys = type === undefined ? undefined : rules?.keys.get(type);
      if (keys && !keys.some((key) => covers(given, key))) refuse(`${type} by no key that it resolves`);
    }
    visit(undefined, set, true);
  }

  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    visit(ROOTS[definition.operation], definition.selectionSet, false);
  }
}

/** Extracted subgraphs name their root types so, whatever the supergraph calls them. */
const ROOTS = { query: 'Query', mutation: 'Mutation', subscription: 'Subscription' } as const;

/** Whether all that a set of fields names is given, whatever the types: a representation has one type. */
function covers(given: readonly QueryPlanSelectionNode[], { selections }: SelectionSetNode): boolean {
  return selections.every((node) => {
    if (node.kind === Kind.FRAGMENT_SPREAD) return false;
    if (node.kind === Kind.INLINE_FRAGMENT) return covers(given, node.selectionSet);
    const found = fieldsNamed(given, node.name.value);
    if (found.length === 0) return false;
    return (
      !node.selectionSet ||
      covers(
        found.flatMap(({ selections: below }) => below ?? []),
        node.selectionSet,
      )
    );
  });
}

function fieldsNamed(nodes: readonly QueryPlanSelectionNode[], name: string) {
  return nodes.flatMap((node): Extract<QueryPlanSelectionNode, { kind: 'Field' }>[] => {
    if (node.kind === 'InlineFragment') return fieldsNamed(node.selections, name);
    return node.name === name ? [node] : [];
  });
}
