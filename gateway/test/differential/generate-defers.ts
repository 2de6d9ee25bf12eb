/**
 * Puts `@defer` on random fragments of an operation, and on random parts of its selections, where it may stand.
 */
import {
  type DirectiveNode,
  type GraphQLSchema,
  type InlineFragmentNode,
  Kind,
  parse,
  print,
  type SelectionNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type { GeneratedOperation } from './generate-operation.ts';
import type { Random } from './random.ts';

export function addDefers(
  schema: GraphQLSchema,
  { source, variables }: GeneratedOperation,
  random: Random,
): GeneratedOperation {
  const given: Record<string, unknown> = { ...variables };
  const declared: string[] = [];
  let labels = 0;

  function condition(): string {
    if (random.chance(0.5)) return String(random.chance(0.7));
    const name = `d${declared.length + 1}`;
    const fallback = random.pick(['', ' = true', ' = false']);
    const type = fallback === '' || random.chance(0.5) ? 'Boolean!' : 'Boolean';
    declared.push(`$${name}: ${type}${fallback}`);
    if (fallback === '' || random.chance(0.5)) given[name] = random.chance(0.6);
    return `$${name}`;
  }
  function defer(): DirectiveNode {
    labels += 1;
    const args = [
      ...(random.chance(0.3) ? [`label: "L${labels}"`] : []),
      ...(random.chance(0.25) ? [`if: ${condition()}`] : []),
    ];
    const [operation] = parse(`{ ... @defer${args.length > 0 ? `(${args.join(', ')})` : ''} { a } }`, {
      noLocation: true,
    }).definitions;
    const [fragment] = operation?.kind === Kind.OPERATION_DEFINITION ? operation.selectionSet.selections : [];
    return fragment!.directives![0]!;
  }
  const types = new TypeInfo(schema);
  const mayDefer = () => types.getParentType() !== schema.getMutationType();
  const deferred = visit(
    parse(source, { noLocation: true }),
    visitWithTypeInfo(types, {
      SelectionSet(node) {
        if (!mayDefer()) return undefined;
        const selections = node.selections.map((selection): SelectionNode => {
          const settled = selection.directives?.some(({ name }) => name.value === 'defer');
          if (selection.kind === Kind.FIELD || settled || !random.chance(0.4)) return selection;
          return { ...selection, directives: [...(selection.directives ?? []), defer()] };
        });
        if (!random.chance(0.25)) return { ...node, selections };
        const start = random.below(selections.length);
        const part = selections.splice(start, 1 + random.below(3));
        const wrapped: InlineFragmentNode = {
          kind: Kind.INLINE_FRAGMENT,
          directives: [defer()],
          selectionSet: { kind: Kind.SELECTION_SET, selections: part },
        };
        return { ...node, selections: selections.toSpliced(start, 0, wrapped) };
      },
    }),
  );
  const [operation] = deferred.definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('The operation does not come first.');
  const [shell] = parse(`query${declared.length > 0 ? ` (${declared.join(', ')})` : ''} { a }`, {
    noLocation: true,
  }).definitions;
  const added = shell?.kind === Kind.OPERATION_DEFINITION ? (shell.variableDefinitions ?? []) : [];
  const variableDefinitions = [...(operation.variableDefinitions ?? []), ...added];
  const definitions = [{ ...operation, variableDefinitions }, ...deferred.definitions.slice(1)];
  return { source: print({ ...deferred, definitions }), variables: given };
}

/** The operation as it is where nothing is deferred. */
export function withoutDefers(source: string): string {
  return print(
    visit(parse(source, { noLocation: true }), {
      Directive: (node) => (node.name.value === 'defer' ? null : undefined),
    }),
  );
}
