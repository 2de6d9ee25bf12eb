/**
 * Gives fields that `@requires` asks for names of their own, in the supergraph that the planner sees, where sharing a
 * place with what the client asks for would be wrong.
 *
 * The planner keeps what it fetches under the names of fields. `cost(currency: "EUR")` for one `@requires` and
 * `cost(currency: "USD")` for another, or for the client, would share one place. So would an object that may be null: a
 * field of the client's that fails in it where its type forbids null takes the object away, and what is required with it.
 * So each combination of field and arguments, and each such object for each subgraph that requires it, becomes a field
 * without arguments, `cost__0`, that stands where the original stands; requests to subgraphs ask for the original under
 * this name as alias, and representations hold it under its real name.
 */
import {
  type ArgumentNode,
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InterfaceTypeDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  print,
  type SelectionNode,
  type SelectionSetNode,
  type TypeNode,
} from 'graphql';

export interface RequiredField {
  readonly name: string;
  readonly arguments: readonly ArgumentNode[];
}

export interface PlannerSupergraph {
  readonly sdl: string;
  /** By the name given here. Empty if no `@requires` needs one. */
  readonly required: ReadonlyMap<string, RequiredField>;
}

type Fielded = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode;

export function nameRequiredFields(sdl: string): PlannerSupergraph {
  // Most graphs have none: the text need not be read.
  if (!/\brequires:\s*"[^"]*[({]/.test(sdl)) return { sdl, required: new Map() };
  const document = parse(sdl, { noLocation: true });
  const types = new Map<string, Fielded>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.INTERFACE_TYPE_DEFINITION) {
      types.set(definition.name.value, definition);
    }
  }
  const required = new Map<string, RequiredField>();
  const names = new Map<string, string>();
  /** `graph.field` for what a `@requires` of that subgraph names, and for what it named before. */
  const uses = new Set<string>();
  const renamedIn = new Set<string>();
  /** Type → original field → names given to it. */
  const added = new Map<string, Map<string, Set<string>>>();

  /** `apart` says for whom, where not all that ask for the same may share it. */
  function nameFor(graph: string, type: string, name: string, args: readonly ArgumentNode[], apart: string): string {
    const key = `${apart}${name}(${args.map(print).sort()})`;
    const given = names.get(key) ?? `${name}__${names.size}`;
    names.set(key, given);
    required.set(given, { name, arguments: args });
    uses.add(`${graph}.${given}`);
    renamedIn.add(`${graph}.${name}`);
    for (const [candidate, { interfaces, fields }] of types) {
      const implementing = candidate === type || interfaces?.some((implemented) => implemented.name.value === type);
      if (!implementing || !fields?.some((field) => field.name.value === name)) continue;
      const ofType = added.get(candidate) ?? new Map<string, Set<string>>();
      added.set(candidate, ofType.set(name, (ofType.get(name) ?? new Set()).add(given)));
    }
    return given;
  }

  const fieldOf = (type: string, name: string) => types.get(type)?.fields?.find((field) => field.name.value === name);

  /** Whether an object on the way to what is required can be null for the sake of what the client asks for in it. */
  function isAtRisk(type: string, node: SelectionNode): boolean {
    if (node.kind === Kind.FRAGMENT_SPREAD) return false;
    if (node.kind === Kind.INLINE_FRAGMENT) {
      const condition = node.typeCondition?.name.value ?? type;
      return node.selectionSet.selections.some((below) => isAtRisk(condition, below));
    }
    const field = fieldOf(type, node.name.value);
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
      const field = fieldOf(type, node.name.value);
      const named = Boolean(node.arguments?.length) || (!apart && isAtRisk(type, node));
      const below = node.selectionSet && field && rename(graph, nameOf(field.type), node.selectionSet, apart || named);
      if (!named) {
        uses.add(`${graph}.${node.name.value}`);
        return { ...node, selectionSet: below };
      }
      const given = nameFor(graph, type, node.name.value, node.arguments ?? [], node.selectionSet ? `${graph}:` : '');
      return { ...node, name: { ...node.name, value: given }, arguments: [], selectionSet: below };
    });
    return { ...set, selections };
  }

  const renamed = eachRequires(document, (graph, type, fields) => {
    const [selection] = parse(`{${fields}}`, { noLocation: true }).definitions;
    if (selection?.kind !== Kind.OPERATION_DEFINITION) return fields;
    return print(rename(graph, type, selection.selectionSet))
      .replace(/\s+/g, ' ')
      .slice(1, -1)
      .trim();
  });
  /** A subgraph must not hold a field as external that it does not use. */
  const isUsed = (type: string, field: string, original: string, directive: ConstDirectiveNode): boolean => {
    const graph = argumentOf(directive, 'graph');
    if (argumentOf(directive, 'external') !== 'true' || uses.has(`${graph}.${field}`)) return true;
    if (field !== original || !renamedIn.has(`${graph}.${original}`)) return field === original;
    const { interfaces = [] } = types.get(type) ?? {};
    return (
      interfaces.some(({ name }) => types.get(name.value)?.fields?.some((other) => other.name.value === field)) ||
      new RegExp(`(key|provides): "[^"]*\\b${field}\\b`).test(sdl)
    );
  };
  return { sdl: print(withFields(renamed, added, isUsed)), required };
}

function eachRequires(
  document: DocumentNode,
  change: (graph: string, type: string, fields: string) => string,
): DocumentNode {
  const changeDirective = (type: string, directive: ConstDirectiveNode): ConstDirectiveNode => ({
    ...directive,
    arguments: directive.arguments?.map((argument) =>
      directive.name.value === 'join__field' &&
      argument.name.value === 'requires' &&
      argument.value.kind === Kind.STRING
        ? {
            ...argument,
            value: { kind: Kind.STRING, value: change(argumentOf(directive, 'graph'), type, argument.value.value) },
          }
        : argument,
    ),
  });
  return mapFields(document, (type, fields) =>
    fields.map((field) => ({
      ...field,
      directives: field.directives?.map((directive) => changeDirective(type, directive)),
    })),
  );
}

function withFields(
  document: DocumentNode,
  added: ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>,
  isUsed: (type: string, field: string, original: string, directive: ConstDirectiveNode) => boolean,
): DocumentNode {
  return mapFields(document, (type, fields) =>
    fields.flatMap((field) => {
      const original = field.name.value;
      const named = (name: string): FieldDefinitionNode => ({
        ...field,
        name: { ...field.name, value: name },
        directives: field.directives?.filter((directive) => isUsed(type, name, original, directive)),
      });
      const names = added.get(type)?.get(original) ?? [];
      return [named(original), ...[...names].map((name) => ({ ...named(name), arguments: [] }))];
    }),
  );
}

/** As text; empty if it is not given. */
function argumentOf(directive: ConstDirectiveNode, name: string): string {
  const value = directive.arguments?.find((argument) => argument.name.value === name)?.value;
  return value ? print(value) : '';
}

function mapFields(
  document: DocumentNode,
  change: (type: string, fields: readonly FieldDefinitionNode[]) => readonly FieldDefinitionNode[],
): DocumentNode {
  const definitions = document.definitions.map((definition) =>
    definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.INTERFACE_TYPE_DEFINITION
      ? { ...definition, fields: change(definition.name.value, definition.fields ?? []) }
      : definition,
  );
  return { ...document, definitions };
}

/** Whether null can stand somewhere in a value of the type, in a list included. */
function mayBeNull(type: TypeNode): boolean {
  if (type.kind !== Kind.NON_NULL_TYPE) return true;
  return type.type.kind === Kind.LIST_TYPE && mayBeNull(type.type.type);
}

function nameOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : nameOf(type.type);
}
