/**
 * Makes a failing operation small: drops selections, fragments, directives, arguments and variables as long as it fails.
 */
import {
  type ASTNode,
  type DocumentNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  type SelectionNode,
  visit,
} from 'graphql';
import type { GeneratedOperation } from './generate-operation.ts';

/** `fails` must answer false for an operation that is not valid. Greedy, at most `maxTries` tries. */
export async function shrink(
  operation: GeneratedOperation,
  fails: (candidate: GeneratedOperation) => Promise<boolean>,
  maxTries = 2_000,
): Promise<GeneratedOperation> {
  let best = operation;
  let tries = 0;
  for (let progress = true; progress; ) {
    progress = false;
    for (let i = 0; tries < maxTries; ) {
      const candidate = smaller(best, i);
      if (!candidate) break;
      tries += 1;
      if (candidate.source !== best.source && (await fails(candidate))) {
        best = candidate;
        progress = true;
      } else {
        i += 1;
      }
    }
  }
  return best;
}

/** The operation with its n-th removable part removed or unwrapped; null when there are fewer. */
function smaller({ source, variables }: GeneratedOperation, n: number): GeneratedOperation | null {
  const document = parse(source, { noLocation: true });
  let counter = 0;
  const hit = () => counter++ === n;
  let done = false;
  const changed = visit(document, {
    enter(node) {
      if (done) return false;
      const replaced = change(node, hit, document);
      if (replaced === undefined) return undefined;
      done = true;
      return replaced;
    },
  });
  if (!done) return null;
  return tidy(changed, variables);
}

/** What stands instead of the node when one of its own changes is the wanted one. */
function change(node: ASTNode, hit: () => boolean, document: DocumentNode): ASTNode | undefined {
  if (node.kind === Kind.SELECTION_SET) {
    for (const [i, selection] of node.selections.entries()) {
      const others = node.selections.toSpliced(i, 1);
      if (others.length > 0 && hit()) return { ...node, selections: others };
      const inner = unwrapped(selection, document);
      if (inner && hit()) return { ...node, selections: node.selections.toSpliced(i, 1, ...inner) };
    }
  }
  if (node.kind === Kind.FIELD || node.kind === Kind.INLINE_FRAGMENT || node.kind === Kind.FRAGMENT_SPREAD) {
    for (const [i] of (node.directives ?? []).entries()) {
      if (hit()) return { ...node, directives: node.directives?.toSpliced(i, 1) };
    }
  }
  if (node.kind === Kind.FIELD) {
    for (const [i] of (node.arguments ?? []).entries()) {
      if (hit()) return { ...node, arguments: node.arguments?.toSpliced(i, 1) };
    }
    if (node.alias && hit()) return { ...node, alias: undefined };
  }
  return undefined;
}

function unwrapped(selection: SelectionNode, document: DocumentNode): readonly SelectionNode[] | undefined {
  if (selection.kind === Kind.INLINE_FRAGMENT) return selection.selectionSet.selections;
  if (selection.kind !== Kind.FRAGMENT_SPREAD) return undefined;
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === selection.name.value) {
      const { typeCondition, selectionSet } = definition;
      return [{ kind: Kind.INLINE_FRAGMENT, typeCondition, selectionSet, directives: selection.directives }];
    }
  }
  return undefined;
}

/** Without the fragments and variables that nothing uses any more. */
function tidy(document: DocumentNode, variables: GeneratedOperation['variables']): GeneratedOperation {
  let definitions = document.definitions;
  for (let before = -1; before !== definitions.length; ) {
    before = definitions.length;
    const spread = new Set<string>();
    visit({ ...document, definitions }, { FragmentSpread: ({ name }) => void spread.add(name.value) });
    definitions = definitions.filter(
      (definition) => definition.kind !== Kind.FRAGMENT_DEFINITION || spread.has(definition.name.value),
    );
  }
  const used = new Set<string>();
  visit(
    { ...document, definitions },
    { VariableDefinition: () => false, Variable: ({ name }) => void used.add(name.value) },
  );
  const kept = definitions.map((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION ? withoutVariables(definition, used) : definition,
  );
  return {
    source: print({ ...document, definitions: kept }),
    variables: Object.fromEntries(Object.entries(variables).filter(([name]) => used.has(name))),
  };
}

function withoutVariables(node: OperationDefinitionNode, used: ReadonlySet<string>): OperationDefinitionNode {
  return {
    ...node,
    variableDefinitions: node.variableDefinitions?.filter(({ variable }) => used.has(variable.name.value)),
  };
}
