/**
 * Moves a field, in the supergraph that the planner sees, from its subgraph to a new one, which knows the keys of the
 * entity and the field alone, so that it is only ever entered by a key. Its requests go to the subgraph that the field
 * comes from.
 */
import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type DocumentNode,
  type EnumValueDefinitionNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  isTypeDefinitionNode,
  Kind,
  type TypeDefinitionNode,
} from 'graphql';
import { argumentOf, directivesOf, eachField, fieldedTypes, fieldOf, fieldSet, nameOf } from './join-directives.ts';

export interface MovedField {
  readonly type: string;
  readonly field: string;
  /** As the enum `join__Graph` names it. */
  readonly graph: string;
  readonly requires: string;
}

/** Adds the new subgraph to `owners`. The number tells it from others. */
export function moveField(
  document: DocumentNode,
  moved: MovedField,
  number: number,
  owners: Map<string, string>,
): DocumentNode {
  const graph = `${moved.graph}__${number}`;
  const needed = neededBy(document, moved);
  const isMoved = (type: string, field: string) => type === moved.type && field === moved.field;

  const renamed = (directive: ConstDirectiveNode): ConstDirectiveNode => ({
    ...directive,
    arguments: directive.arguments?.map((argument) =>
      argument.name.value === 'graph' ? { ...argument, value: { kind: Kind.ENUM, value: graph } } : argument,
    ),
  });
  /** With a copy for the new subgraph of each directive that speaks of the old one. */
  const copied = (
    directives: readonly ConstDirectiveNode[] = [],
    keep: (directive: ConstDirectiveNode) => boolean = () => true,
  ): ConstDirectiveNode[] => [
    ...directives,
    ...directives.filter((directive) => argumentOf(directive, 'graph') === moved.graph && keep(directive)).map(renamed),
  ];

  function changeField<T extends FieldDefinitionNode | InputValueDefinitionNode>(
    type: string,
    graphs: readonly string[],
    field: T,
  ): T {
    const own = directivesOf(field, 'join__field');
    const isNeeded = needed.get(type)?.has(field.name.value);
    if (own.length === 0) {
      if (isNeeded) return field;
      // It is in every subgraph that has the type: from now on, in all but the new one.
      return { ...field, directives: [...(field.directives ?? []), ...graphs.map(joinField)] };
    }
    if (!isNeeded) return field;
    const directives = copied(field.directives);
    if (!isMoved(type, field.name.value)) return { ...field, directives };
    return {
      ...field,
      directives: directives.filter(
        ({ name, ...rest }) => name.value !== 'join__field' || argumentOf({ name, ...rest }, 'graph') !== moved.graph,
      ),
    };
  }

  function change(definition: DefinitionNode): DefinitionNode {
    if (definition.kind === Kind.ENUM_TYPE_DEFINITION && definition.name.value === 'join__Graph') {
      return {
        ...definition,
        values: definition.values?.flatMap((value) => withGraph(value, moved, graph, number, owners)),
      };
    }
    if (!isTypeDefinitionNode(definition) || !needed.has(definition.name.value)) return definition;
    const type = definition.name.value;
    const graphs = [...new Set(directivesOf(definition, 'join__type').map((one) => argumentOf(one, 'graph')))];
    const directives = copied(definition.directives, (directive) => {
      const about = argumentOf(directive, 'interface') || argumentOf(directive, 'member');
      return about === '' || needed.has(about);
    });
    switch (definition.kind) {
      case Kind.OBJECT_TYPE_DEFINITION:
      case Kind.INTERFACE_TYPE_DEFINITION:
        return {
          ...definition,
          directives,
          fields: definition.fields?.map((field) => changeField(type, graphs, field)),
        };
      case Kind.INPUT_OBJECT_TYPE_DEFINITION:
        return {
          ...definition,
          directives,
          fields: definition.fields?.map((field) => changeField(type, graphs, field)),
        };
      case Kind.ENUM_TYPE_DEFINITION:
        return {
          ...definition,
          directives,
          values: definition.values?.map((value) => ({ ...value, directives: copied(value.directives) })),
        };
      case Kind.UNION_TYPE_DEFINITION:
      case Kind.SCALAR_TYPE_DEFINITION:
        return { ...definition, directives };
      default:
        return definition;
    }
  }
  return { ...document, definitions: document.definitions.map(change) };
}

function joinField(graph: string): ConstDirectiveNode {
  return {
    kind: Kind.DIRECTIVE,
    name: { kind: Kind.NAME, value: 'join__field' },
    arguments: [
      { kind: Kind.ARGUMENT, name: { kind: Kind.NAME, value: 'graph' }, value: { kind: Kind.ENUM, value: graph } },
    ],
  };
}

/** Adds the new subgraph behind the one it belongs to. */
function withGraph(
  value: EnumValueDefinitionNode,
  { graph }: MovedField,
  added: string,
  number: number,
  owners: Map<string, string>,
): EnumValueDefinitionNode[] {
  if (value.name.value !== graph) return [value];
  const [directive] = directivesOf(value, 'join__graph');
  const owner = directive ? argumentOf(directive, 'name') : graph;
  const name = `${owner}__${number}`;
  owners.set(name, owner);
  const directives = value.directives?.map((one) => ({
    ...one,
    arguments: one.arguments?.map((argument) =>
      argument.name.value === 'name' ? { ...argument, value: { kind: Kind.STRING as const, value: name } } : argument,
    ),
  }));
  return [value, { ...value, name: { ...value.name, value: added }, directives }];
}

/** What the new subgraph must know: type → fields. Types without fields of their own have none. */
function neededBy(document: DocumentNode, { type, field, graph, requires }: MovedField): Map<string, Set<string>> {
  const fielded = fieldedTypes(document);
  const definitions = new Map<string, TypeDefinitionNode>();
  for (const definition of document.definitions) {
    if (isTypeDefinitionNode(definition)) definitions.set(definition.name.value, definition);
  }
  const needed = new Map<string, Set<string>>();
  const whole = new Set<string>();

  const within = (node: { readonly directives?: readonly ConstDirectiveNode[] | undefined }, name: string) =>
    directivesOf(node, name).filter((directive) => argumentOf(directive, 'graph') === graph);

  function fieldsOf(name: string): Set<string> {
    let fields = needed.get(name);
    if (!fields) {
      fields = new Set();
      needed.set(name, fields);
      const definition = definitions.get(name);
      const keys = definition ? within(definition, 'join__type').map((one) => argumentOf(one, 'key')) : [];
      for (const key of keys) if (key) needSet(name, key);
    }
    return fields;
  }

  function needField(name: string, of: string): void {
    fieldsOf(name).add(of);
    const found = fieldOf(fielded.get(name), of);
    if (!found) return;
    for (const argument of found.arguments ?? []) needWhole(nameOf(argument.type));
    fieldsOf(nameOf(found.type));
  }

  function needSet(name: string, fields: string): void {
    eachField(fielded, name, fieldSet(fields), needField);
  }

  /** All that the old subgraph knows of a type, up to entities. */
  function needWhole(name: string): void {
    if (whole.has(name)) return;
    whole.add(name);
    const definition = definitions.get(name);
    if (!definition || within(definition, 'join__type').length === 0) return;
    const known = fieldsOf(name);
    if (definition.kind === Kind.UNION_TYPE_DEFINITION) {
      for (const member of within(definition, 'join__unionMember')) needWhole(argumentOf(member, 'member'));
    }
    if (definition.kind === Kind.INTERFACE_TYPE_DEFINITION) {
      for (const [other, one] of fielded) {
        if (within(one, 'join__implements').some((each) => argumentOf(each, 'interface') === name)) needWhole(other);
      }
    }
    const isEntity = within(definition, 'join__type').some((one) => argumentOf(one, 'key') !== '');
    if (isEntity || !('fields' in definition)) return;
    for (const below of definition.fields ?? []) {
      const own = directivesOf(below, 'join__field');
      if (own.length > 0 && within(below, 'join__field').every((one) => argumentOf(one, 'external') === 'true'))
        continue;
      known.add(below.name.value);
      if ('arguments' in below) for (const argument of below.arguments ?? []) needWhole(nameOf(argument.type));
      needWhole(nameOf(below.type));
    }
  }

  // Every subgraph has the type of queries: its entities are asked for there.
  for (const name of ['Query', rootQuery(document)]) if (definitions.has(name)) needed.set(name, new Set());
  needField(type, field);
  needSet(type, requires);
  needWhole(nameOf(fieldOf(fielded.get(type), field)!.type));
  return needed;
}

function rootQuery(document: DocumentNode): string {
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.SCHEMA_DEFINITION) continue;
    for (const { operation, type } of definition.operationTypes) if (operation === 'query') return type.name.value;
  }
  return 'Query';
}
