/**
 * Reads `@defer`, and gives each place of an operation where it stands a label of its own.
 *
 * Plans and shapes know a deferred fragment by its label. A client may leave labels out, and a named fragment may be
 * spread in several places: so fragments are put in place, each with a label that nothing else has.
 */
import {
  type DefinitionNode,
  type DirectiveNode,
  type FragmentDefinitionNode,
  type InlineFragmentNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { isIncluded } from './is-included.ts';

export interface LabelledOperation {
  /** Without named fragments. */
  readonly operation: OperationDefinitionNode;
  /** Labels given here → the client's, if it gave one. */
  readonly labels: ReadonlyMap<string, string | undefined>;
}

export function usesDefer(definitions: readonly DefinitionNode[]): boolean {
  let found = false;
  const Directive = (node: DirectiveNode) => {
    found ||= isDefer(node);
  };
  for (const definition of definitions) visit(definition, { Directive });
  return found;
}

export function labelDefers(
  operation: OperationDefinitionNode,
  fragments: Readonly<Record<string, FragmentDefinitionNode>>,
): LabelledOperation {
  const labels = new Map<string, string | undefined>();

  const relabel = (directive: DirectiveNode): DirectiveNode => {
    if (!isDefer(directive)) return directive;
    const own = `d${labels.size}`;
    labels.set(own, labelOf(directive));
    const others = directive.arguments?.filter(({ name }) => name.value !== 'label') ?? [];
    return { ...directive, arguments: [...others, labelArgument(own)] };
  };
  const label = (node: SelectionNode): SelectionNode => {
    if (node.kind === Kind.FIELD) return node.selectionSet ? { ...node, selectionSet: below(node.selectionSet) } : node;
    const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments[node.name.value] : node;
    if (!fragment) throw new Error('A fragment is spread that the document does not hold.');
    return {
      kind: Kind.INLINE_FRAGMENT,
      typeCondition: fragment.typeCondition,
      directives: node.directives?.map(relabel),
      selectionSet: below(fragment.selectionSet),
    };
  };
  const below = (set: SelectionSetNode): SelectionSetNode => ({ ...set, selections: set.selections.map(label) });

  return { operation: { ...operation, selectionSet: below(operation.selectionSet) }, labels };
}

/** The planner's work grows with every fragment, and many times with each one inside another. */
const MAX_DEFERRED = 16;
const MAX_NESTED = 4;

/**
 * The labels of the fragments that are deferred under these conditions; `conditions` holds every variable that decides.
 *
 * Nobody is owed parts. A fragment that stands directly in a deferred one comes with it, and so does what goes beyond what
 * can be planned in good time: outer fragments first.
 */
export function activeDefers(
  { selectionSet }: OperationDefinitionNode,
  conditions: Readonly<Record<string, boolean>>,
): ReadonlySet<string> {
  const active = new Set<string>();
  interface Place {
    readonly set: SelectionSetNode;
    readonly nested: number;
    /** Directly in a deferred fragment. */
    readonly within: boolean;
  }
  const places: Place[] = [{ set: selectionSet, nested: 0, within: false }];
  for (const { set, nested, within } of places) {
    for (const node of set.selections) {
      if (node.kind === Kind.FRAGMENT_SPREAD || !node.selectionSet || !isIncluded(node, conditions)) continue;
      const label = within ? undefined : wantedLabel(node, conditions);
      const defers = label !== undefined && nested < MAX_NESTED && active.size < MAX_DEFERRED;
      if (defers) active.add(label);
      places.push({
        set: node.selectionSet,
        nested: defers ? nested + 1 : nested,
        within: defers || (within && node.kind === Kind.INLINE_FRAGMENT),
      });
    }
  }
  return active;
}

/** The label under which a fragment is deferred; undefined if it is not. */
export function deferredUnder({ directives }: SelectionNode, active: ReadonlySet<string>): string | undefined {
  const directive = active.size > 0 ? directives?.find(isDefer) : undefined;
  const label = directive && labelOf(directive);
  return label !== undefined && active.has(label) ? label : undefined;
}

function wantedLabel({ directives }: SelectionNode, conditions: Readonly<Record<string, boolean>>): string | undefined {
  const directive = directives?.find(isDefer);
  if (!directive) return undefined;
  const condition = directive.arguments?.find(({ name }) => name.value === 'if')?.value;
  const holds = condition?.kind === Kind.VARIABLE ? conditions[condition.name.value] : readBoolean(condition);
  return holds ? labelOf(directive) : undefined;
}

/** The fragment, deferred under this label whatever was said of it before. */
export function deferAs(label: string): NonNullable<InlineFragmentNode['directives']>[number] {
  return { kind: Kind.DIRECTIVE, name: { kind: Kind.NAME, value: 'defer' }, arguments: [labelArgument(label)] };
}

export function isDefer({ name }: DirectiveNode): boolean {
  return name.value === 'defer';
}

function labelArgument(value: string) {
  return {
    kind: Kind.ARGUMENT,
    name: { kind: Kind.NAME, value: 'label' },
    value: { kind: Kind.STRING, value },
  } as const;
}

function labelOf(directive: DirectiveNode): string | undefined {
  const value = directive.arguments?.find(({ name }) => name.value === 'label')?.value;
  return value?.kind === Kind.STRING ? value.value : undefined;
}

function readBoolean(value: { readonly kind: Kind } | undefined): boolean {
  return value === undefined || ('value' in value && value.value === true);
}
