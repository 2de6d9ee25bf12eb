/**
 * Finds the fields whose fetch the planner must not merge with others, and has them set apart.
 *
 * Two kinds. A field that both requires something and is required: `total` of one subgraph requires `fee` of a second,
 * which requires `weight` of a third. Where the second subgraph also gives the entity, the planner merges the fetch of
 * `fee` into the one that gives the entity, before `weight` is known. And a field that requires another with other
 * arguments than a field beside it does: a representation has one place for both.
 */
import { type DocumentNode, Kind, type SelectionSetNode } from 'graphql';
import { argumentOf, directivesOf, eachField, fieldedTypes, fieldSet } from './join-directives.ts';
import { type MovedField, moveField } from './own-subgraph.ts';
import type { RequiredField } from './required-fields.ts';

export interface SetApart {
  readonly document: DocumentNode;
  /** The planner's name of a subgraph that was added → the subgraph that answers. */
  readonly owners: ReadonlyMap<string, string>;
}

/** `required` holds the names that required fields have been given. */
export function setFieldsApart(document: DocumentNode, required: ReadonlyMap<string, RequiredField>): SetApart {
  const owners = new Map<string, string>();
  const taken = new Set(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.ENUM_TYPE_DEFINITION ? (definition.values ?? []).map(({ name }) => name.value) : [],
    ),
  );
  let changed = document;
  let number = 0;
  for (const field of fieldsToMove(document, required)) {
    while (taken.has(`${field.graph}__${number}`)) number += 1;
    changed = moveField(changed, field, number, owners);
    number += 1;
  }
  return { document: changed, owners };
}

function fieldsToMove(document: DocumentNode, required: ReadonlyMap<string, RequiredField>): MovedField[] {
  const types = fieldedTypes(document);
  const requiring: (MovedField & { selection: SelectionSetNode })[] = [];
  const isRequired = new Set<string>();
  for (const [type, { fields = [] }] of types) {
    for (const field of fields) {
      for (const directive of directivesOf(field, 'join__field')) {
        const requires = argumentOf(directive, 'requires');
        if (!requires) continue;
        const selection = fieldSet(requires);
        requiring.push({ type, field: field.name.value, graph: argumentOf(directive, 'graph'), requires, selection });
        eachField(types, type, selection, (on, name) => isRequired.add(`${on}.${name}`));
      }
    }
  }
  const staying: typeof requiring = [];
  return requiring.filter((one) => {
    const beside = staying.filter(({ type, graph }) => type === one.type && graph === one.graph);
    const moves =
      isRequired.has(`${one.type}.${one.field}`) ||
      beside.some((other) => disagree(one.selection, other.selection, required));
    if (!moves) staying.push(one);
    return moves;
  });
}

/** Whether two sets ask for one field with different arguments, in places that may be one. */
function disagree(a: SelectionSetNode, b: SelectionSetNode, required: ReadonlyMap<string, RequiredField>): boolean {
  const known = plainFields(a);
  return plainFields(b).some((field) =>
    known.some((other) => {
      const [name, otherName] = [field.name, other.name].map((given) => required.get(given)?.name ?? given);
      if (name !== otherName) return false;
      if (field.name !== other.name) return true;
      return field.below !== undefined && other.below !== undefined && disagree(other.below, field.below, required);
    }),
  );
}

/** Without regard to fragments. */
function plainFields({ selections }: SelectionSetNode): { name: string; below: SelectionSetNode | undefined }[] {
  return selections.flatMap((node) => {
    if (node.kind === Kind.FIELD) return [{ name: node.name.value, below: node.selectionSet }];
    return node.kind === Kind.INLINE_FRAGMENT ? plainFields(node.selectionSet) : [];
  });
}
