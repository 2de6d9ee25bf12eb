/**
 * Reads the federation directives of a subgraph: what it answers by itself, what it must be given, and by which keys its
 * entities are found. Kept apart from the planner, so that a plan that asks a subgraph for what it cannot know is caught.
 */
import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type GraphQLSchema,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  Kind,
  parse,
  type SelectionSetNode,
  type TypeDefinitionNode,
} from 'graphql';

export interface FieldRules {
  readonly external: boolean;
  readonly requires: SelectionSetNode | null;
  readonly provides: SelectionSetNode | null;
  /** Arguments that are read from an object above. */
  readonly fromContext: readonly {
    readonly argument: string;
    readonly context: string;
    readonly selection: SelectionSetNode;
  }[];
  /** Moved to another subgraph for good; asking here is wrong. */
  overridden: boolean;
}
export interface TypeRules {
  readonly keys: readonly { readonly selection: SelectionSetNode; readonly resolvable: boolean }[];
  readonly interfaceObject: boolean;
  /** Names of the contexts that the type gives. */
  readonly contexts: readonly string[];
  readonly fields: ReadonlyMap<string, FieldRules>;
}
export interface SubgraphRules {
  readonly types: ReadonlyMap<string, TypeRules>;
  readonly enums: ReadonlyMap<string, readonly string[]>;
}

export function selectionOf(fields: string): SelectionSetNode {
  const [definition] = parse(`{ ${fields} }`, { noLocation: true }).definitions;
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error('No selection.');
  return definition.selectionSet;
}

/** The argument of a directive: its text or its truth. */
function argument(directive: ConstDirectiveNode, name: string): string | boolean | undefined {
  const value = directive.arguments?.find((candidate) => candidate.name.value === name)?.value;
  return value?.kind === Kind.STRING || value?.kind === Kind.BOOLEAN ? value.value : undefined;
}

function fieldRules({ directives = [], arguments: args = [] }: FieldDefinitionNode): FieldRules {
  const selected = (name: string): SelectionSetNode | null => {
    const directive = directives.find((candidate) => candidate.name.value === name);
    return directive ? selectionOf(String(argument(directive, 'fields'))) : null;
  };
  return {
    external: directives.some(({ name }) => name.value === 'external'),
    requires: selected('requires'),
    provides: selected('provides'),
    fromContext: args.flatMap(({ name, directives: own = [] }) => {
      const directive = own.find((candidate) => candidate.name.value === 'fromContext');
      const [, context = '', fields = ''] =
        /^\$(\w+)\s*\{(.*)\}$/.exec(String(directive && argument(directive, 'field'))) ?? [];
      return directive ? [{ argument: name.value, context, selection: selectionOf(fields) }] : [];
    }),
    overridden: false,
  };
}

/** Reads all subgraphs at once, since `@override` in one tells about another. */
export function readRules(documents: ReadonlyMap<string, DocumentNode>): ReadonlyMap<string, SubgraphRules> {
  const rules = new Map<string, SubgraphRules>();
  for (const [subgraph, document] of documents) {
    const types = new Map<string, TypeRules>();
    const enums = new Map<string, readonly string[]>();
    for (const definition of document.definitions as readonly TypeDefinitionNode[]) {
      if (definition.kind === Kind.ENUM_TYPE_DEFINITION) {
        enums.set(definition.name.value, definition.values?.map(({ name }) => name.value) ?? []);
      }
      if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.INTERFACE_TYPE_DEFINITION)
        continue;
      const { directives = [], fields = [] } = definition;
      types.set(definition.name.value, {
        keys: directives
          .filter(({ name }) => name.value === 'key')
          .map((key) => ({
            selection: selectionOf(String(argument(key, 'fields'))),
            resolvable: argument(key, 'resolvable') !== false,
          })),
        interfaceObject: directives.some(({ name }) => name.value === 'interfaceObject'),
        contexts: directives
          .filter(({ name }) => name.value === 'context')
          .map((context) => String(argument(context, 'name'))),
        fields: new Map(fields.map((field) => [field.name.value, fieldRules(field)])),
      });
    }
    rules.set(subgraph, { types, enums });
  }
  for (const document of documents.values()) markOverridden(document, rules);
  return rules;
}

/** A field that moves step by step (with a label) may be asked in both places. */
function markOverridden(document: DocumentNode, rules: ReadonlyMap<string, SubgraphRules>): void {
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
    for (const field of definition.fields ?? []) {
      const override = field.directives?.find(({ name }) => name.value === 'override');
      if (!override || argument(override, 'label') !== undefined) continue;
      const moved = rules.get(String(argument(override, 'from')))?.types.get(definition.name.value);
      const from = moved?.fields.get(field.name.value);
      if (from) from.overridden = true;
    }
  }
}

/** Every `Type.field` that a selection on a type touches, implementations of interfaces included. */
export function touched(schema: GraphQLSchema, typeName: string, selection: SelectionSetNode): string[] {
  const type = schema.getType(typeName);
  if (!isCompositeType(type)) return [];
  const concrete = isObjectType(type) ? [type.name] : schema.getPossibleTypes(type).map(({ name }) => name);
  return selection.selections.flatMap((node) => {
    if (node.kind === Kind.INLINE_FRAGMENT) {
      return touched(schema, node.typeCondition?.name.value ?? typeName, node.selectionSet);
    }
    if (node.kind !== Kind.FIELD || node.name.value === '__typename') return [];
    const own = concrete.map((name) => `${name}.${node.name.value}`);
    if (!node.selectionSet || !(isObjectType(type) || isInterfaceType(type))) return own;
    const inner = String(type.getFields()[node.name.value]?.type).replace(/[[\]!]/g, '');
    return [...own, ...touched(schema, inner, node.selectionSet)];
  });
}
