/**
 * Decides `@skip`, `@include` and the conditions of `@defer` before planning.
 *
 * A plan with conditions in it goes wrong in places: what was excluded is asked for, or what a mutation does is done
 * twice. So an operation is planned for each combination of conditions that comes up, without any. A selection of which
 * nothing is left asks for the type, so that the object itself is still fetched.
 */
import {
  type DefinitionNode,
  type DirectiveNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { deferAs, deferredUnder, isDefer } from './defer.ts';
import { isIncluded } from './is-included.ts';

export interface Conditions {
  /** The variables that decide. */
  readonly names: readonly string[];
  /** The value of every variable that decides, and a text that names the combination. */
  decide(variables: Readonly<Record<string, unknown>>): { key: string; values: Readonly<Record<string, boolean>> };
}

export function readConditions(definitions: readonly DefinitionNode[]): Conditions {
  const names = new Set<string>();
  /** What `@defer` reads may be left out, and defers then. */
  const optional = new Set<string>();
  const Directive = (node: DirectiveNode) => {
    if (!isCondition(node)) return;
    for (const { value } of node.arguments ?? []) {
      if (value.kind !== Kind.VARIABLE) continue;
      names.add(value.name.value);
      if (isDefer(node)) optional.add(value.name.value);
    }
  };
  for (const definition of definitions) visit(definition, { Directive });
  return {
    names: [...names],
    decide(variables) {
      let key = '';
      const values: Record<string, boolean> = {};
      for (const name of names) {
        const value = variables[name];
        values[name] = value === true || (value === undefined && optional.has(name));
        key += values[name] ? '1' : '0';
      }
      return { key, values };
    },
  };
}

/** `conditions` holds every variable that decides; `deferred`, the labels of what is deferred. */
export function withConditionsDecided(
  set: SelectionSetNode,
  conditions: Readonly<Record<string, boolean>>,
  deferred: ReadonlySet<string>,
): SelectionSetNode {
  const selections = set.selections
    .filter((node) => isIncluded(node, conditions))
    .map((node) => {
      const directives = node.directives?.filter((directive) => !isCondition(directive));
      const label = deferredUnder(node, deferred);
      if (label !== undefined) directives?.push(deferAs(label));
      if (node.kind === Kind.FRAGMENT_SPREAD || !node.selectionSet) return { ...node, directives };
      return { ...node, directives, selectionSet: withConditionsDecided(node.selectionSet, conditions, deferred) };
    });
  return { ...set, selections: selections.length > 0 ? selections : [TYPENAME] };
}

function isCondition({ name }: DirectiveNode): boolean {
  return name.value === 'skip' || name.value === 'include' || name.value === 'defer';
}

const TYPENAME: SelectionNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };
