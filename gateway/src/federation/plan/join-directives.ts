/**
 * Reads what a supergraph's text says of its subgraphs: the directives of the join specification.
 */
import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InterfaceTypeDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  type SelectionSetNode,
  type TypeNode,
} from 'graphql';

export type Fielded = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode;

/** Objects and interfaces by name. */
export function fieldedTypes(document: DocumentNode): Map<string, Fielded> {
  const types = new Map<string, Fielded>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.INTERFACE_TYPE_DEFINITION) {
      types.set(definition.name.value, definition);
    }
  }
  return types;
}

/** An argument's text, name or truth; empty if it is not given. */
export function argumentOf(directive: ConstDirectiveNode, name: string): string {
  const value = directive.arguments?.find((argument) => argument.name.value === name)?.value;
  return value && 'value' in value ? String(value.value) : '';
}

export function directivesOf(
  node: { readonly directives?: readonly ConstDirectiveNode[] | undefined },
  name: string,
): ConstDirectiveNode[] {
  return node.directives?.filter((directive) => directive.name.value === name) ?? [];
}

/** A set of fields as `@key` and `@requires` write it. */
export function fieldSet(fields: string): SelectionSetNode {
  const [definition] = parse(`{${fields}}`, { noLocation: true }).definitions;
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error(`This is no set of fields: ${fields}`);
  return definition.selectionSet;
}

export function fieldOf(type: Fielded | undefined, name: string): FieldDefinitionNode | undefined {
  return type?.fields?.find((field) => field.name.value === name);
}

export function nameOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : nameOf(type.type);
}

/** Visits every field that a set of fields reads; of an interface, those of its implementations too. */
export function eachField(
  types: ReadonlyMap<string, Fielded>,
  type: string,
  { selections }: SelectionSetNode,
  visit: (type: string, field: string) => void,
): void {
  for (const node of selections) {
    if (node.kind === Kind.FRAGMENT_SPREAD) continue;
    if (node.kind === Kind.INLINE_FRAGMENT) {
      eachField(types, node.typeCondition?.name.value ?? type, node.selectionSet, visit);
      continue;
    }
    const name = node.name.value;
    const field = fieldOf(types.get(type), name);
    if (!field) continue;
    visit(type, name);
    for (const [other, { interfaces }] of types) {
      if (interfaces?.some((one) => one.name.value === type)) visit(other, name);
    }
    if (node.selectionSet) eachField(types, nameOf(field.type), node.selectionSet, visit);
  }
}
