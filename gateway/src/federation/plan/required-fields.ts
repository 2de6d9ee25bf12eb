/**
 * Gives fields that `@requires` and `@key` ask for names of their own, in the supergraph that the planner sees, where
 * sharing a place with what the client asks for would be wrong.
 *
 * The planner keeps what it fetches under the names of fields. `cost(currency: "EUR")` for one `@requires` and
 * `cost(currency: "USD")` for another, or for the client, would share one place. So would an object that may be null: a
 * field of the client's that fails in it where its type forbids null takes the object away, and what is needed of it too.
 * So each combination of field and arguments becomes a field without arguments, `cost__0`, that stands where the original
 * stands; so does each such object, once for each subgraph that requires it and once for keys. Requests to subgraphs ask
 * for the original under this name as alias, and representations hold it under its real name.
 */
import {
  type ArgumentNode,
  type ConstDirectiveNode,
  type DocumentNode,
  Kind,
  print,
  type SelectionNode,
  type SelectionSetNode,
  type TypeNode,
} from 'graphql';
import { argumentOf, type Fielded, fieldedTypes, fieldOf, fieldSet, nameOf } from './join-directives.ts';

export interface RequiredField {
  readonly name: string;
  readonly arguments: readonly ArgumentNode[];
}

export interface NamedFields {
  /** The same where nothing needs a name. */
  readonly document: DocumentNode;
  /** By the name given here. */
  readonly required: ReadonlyMap<string, RequiredField>;
}

export function nameRequiredFields(document: DocumentNode): NamedFields {
  const types = fieldedTypes(document);
  const required = new Map<string, RequiredField>();
  const names = new Map<string, string>();
  /** Type → original field → names given to it. */
  const added = new Map<string, Map<string, Set<string>>>();

  const taken = new Set([...types.values()].flatMap(({ fields = [] }) => fields.map((field) => field.name.value)));
  const unusedName = (wanted: string): string => (taken.has(wanted) ? unusedName(`${wanted}_`) : wanted);

  /** `apart` says for whom, where not all that ask for the same may share it. */
  function nameFor(type: string, name: string, args: readonly ArgumentNode[], apart: string): string {
    const key = `${apart}${name}(${args.map(print).sort()})`;
    const given = names.get(key) ?? unusedName(`${name}__${names.size}`);
    names.set(key, given);
    required.set(given, { name, arguments: args });
    for (const [candidate, { interfaces, fields }] of types) {
      const implementing = candidate === type || interfaces?.some((implemented) => implemented.name.value === type);
      if (!implementing || !fields?.some((field) => field.name.value === name)) continue;
      const ofType = added.get(candidate) ?? new Map<string, Set<string>>();
      added.set(candidate, ofType.set(name, (ofType.get(name) ?? new Set()).add(given)));
    }
    return given;
  }

  /** Whether an object on the way to what is required can be null for the sake of what the client asks for in it. */
  function isAtRisk(type: string, node: SelectionNode): boolean {
    if (node.kind === Kind.FRAGMENT_SPREAD) return false;
    if (node.kind === Kind.INLINE_FRAGMENT) {
      const condition = node.typeCondition?.name.value ?? type;
      return node.selectionSet.selections.some((below) => isAtRisk(condition, below));
    }
    const field = fieldOf(types.get(type), node.name.value);
    if (!field || !node.selectionSet) return false;
    const named = nameOf(field.type);
    if (mayBeNull(field.type) && hasNonNull(named)) return true;
    return node.selectionSet.selections.some((below) => isAtRisk(named, below));
  }
  /** A union has no fields of its own: whatever it may be counts as strict. */
  function hasNonNull(type: string): boolean {
    const strict = (one: Fielded) => one.fields?.some((field) => field.type.kind === Kind.NON_NULL_TYPE) ?? false;
    const known = types.get(type);
    if (!known || strict(known)) return true;
    return [...types.values()].some((one) => one.interfaces?.some(({ name }) => name.value === type) && strict(one));
  }

  /** `apart` holds below what has a name of its own already. */
  function rename(graph: string, type: string, set: SelectionSetNode, apart = false): SelectionSetNode {
    const selections = set.selections.map((node): SelectionNode => {
      if (node.kind === Kind.FRAGMENT_SPREAD) return node;
      if (node.kind === Kind.INLINE_FRAGMENT) {
        const condition = node.typeCondition?.name.value ?? type;
        return { ...node, selectionSet: rename(graph, condition, node.selectionSet, apart) };
      }
      const field = fieldOf(types.get(type), node.name.value);
      const named = Boolean(node.arguments?.length) || (!apart && isAtRisk(type, node));
      const below = node.selectionSet && field && rename(graph, nameOf(field.type), node.selectionSet, apart || named);
      if (!named) return { ...node, selectionSet: below };
      const given = nameFor(type, node.name.value, node.arguments ?? [], node.selectionSet ? `${graph}:` : '');
      return { ...node, name: { ...node.name, value: given }, arguments: [], selectionSet: below };
    });
    return { ...set, selections };
  }

  const renamed = eachFieldSet(document, (type, fields, graph) =>
    print(rename(graph, type, fieldSet(fields)))
      .replace(/\s+/g, ' ')
      .slice(1, -1)
      .trim(),
  );
  if (required.size === 0) return { document, required };
  return { document: withFields(renamed, added), required };
}

/** Changes what `@requires` and `@key` name. A key is the same in all subgraphs: no graph is given. */
function eachFieldSet(
  document: DocumentNode,
  change: (type: string, fields: string, graph: string) => string,
): DocumentNode {
  const changeDirective = (
    directive: ConstDirectiveNode,
    type: string,
    name: 'requires' | 'key',
    graph: string,
  ): ConstDirectiveNode => ({
    ...directive,
    arguments: directive.arguments?.map((argument) =>
      argument.name.value === name && argument.value.kind === Kind.STRING
        ? { ...argument, value: { kind: Kind.STRING, value: change(type, argument.value.value, graph) } }
        : argument,
    ),
  });
  return mapFielded(document, (definition) => {
    const type = definition.name.value;
    return {
      ...definition,
      directives: definition.directives?.map((directive) =>
        directive.name.value === 'join__type' ? changeDirective(directive, type, 'key', '') : directive,
      ),
      fields: definition.fields?.map((field) => ({
        ...field,
        directives: field.directives?.map((directive) =>
          directive.name.value === 'join__field'
            ? changeDirective(directive, type, 'requires', argumentOf(directive, 'graph'))
            : directive,
        ),
      })),
    };
  });
}

function withFields(
  document: DocumentNode,
  added: ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>,
): DocumentNode {
  return mapFielded(document, (definition) => ({
    ...definition,
    fields: definition.fields?.flatMap((field) => {
      const names = [...(added.get(definition.name.value)?.get(field.name.value) ?? [])];
      return [field, ...names.map((name) => ({ ...field, name: { ...field.name, value: name }, arguments: [] }))];
    }),
  }));
}

function mapFielded(document: DocumentNode, change: (definition: Fielded) => Fielded): DocumentNode {
  const definitions = document.definitions.map((definition) =>
    definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.INTERFACE_TYPE_DEFINITION
      ? change(definition)
      : definition,
  );
  return { ...document, definitions };
}

/** Whether null can stand somewhere in a value of the type, in a list included. */
function mayBeNull(type: TypeNode): boolean {
  if (type.kind !== Kind.NON_NULL_TYPE) return true;
  return type.type.kind === Kind.LIST_TYPE && mayBeNull(type.type.type);
}
