/**
 * Gives what a client asks for names of its own before it is planned.
 *
 * The planner adds fields that it needs, keys and what `@requires` names, under the names of the schema. A client may use
 * the same name for something else, by an alias or by other arguments; both would share one place in the data. So a field
 * that is not asked plainly travels under a name that no schema and no other field of the operation has. The projection
 * reads it under that name, and errors name it as the client does.
 */
import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  print,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

export interface OwnNames {
  /** The operation and its fragments as they are planned. */
  readonly definitions: readonly (OperationDefinitionNode | FragmentDefinitionNode)[];
  /** The key under which the data holds what the client's node selects. */
  keyOf(node: FieldNode): string;
  /** Names given here → the client's. */
  readonly clientNames: ReadonlyMap<string, string>;
}

export function giveOwnNames(
  operation: OperationDefinitionNode,
  fragments: Readonly<Record<string, FragmentDefinitionNode>>,
  schema?: GraphQLSchema,
): OwnNames {
  const taken = schema ? namesLikeOwn(schema) : NONE;
  let count = 0;
  const given = new Map<string, string>();
  const clientNames = new Map<string, string>();

  const keyOf = (node: FieldNode): string => {
    const { name, alias, arguments: args = [] } = node;
    const key = (alias ?? name).value;
    const plain = key === name.value && args.length === 0;
    if (plain || name.value.startsWith('__')) return key;
    // What may share a place must share a name: the same field with the same arguments.
    const selects = `${key}:${name.value}(${args.map(print).sort()})`;
    let own = given.get(selects);
    if (own === undefined) {
      do own = `_${count++}`;
      while (taken.has(own));
      given.set(selects, own);
      clientNames.set(own, key);
    }
    return own;
  };

  const rename = (node: SelectionNode): SelectionNode => {
    if (node.kind === Kind.FRAGMENT_SPREAD) return node;
    if (node.kind === Kind.INLINE_FRAGMENT) return { ...node, selectionSet: renameAll(node.selectionSet) };
    const key = keyOf(node);
    const { name, alias, ...rest } = node;
    const selectionSet = node.selectionSet && renameAll(node.selectionSet);
    // The projection knows each value's type: how a client calls it need not be told to anybody.
    const named = key === name.value || name.value === '__typename' ? {} : { alias: { ...name, value: key } };
    return { ...rest, ...named, name, selectionSet };
  };
  const renameAll = (set: SelectionSetNode): SelectionSetNode => ({ ...set, selections: set.selections.map(rename) });

  const definitions = [operation, ...Object.values(fragments)].map((definition) => ({
    ...definition,
    selectionSet: renameAll(definition.selectionSet),
  }));
  return { definitions, keyOf, clientNames };
}

const NONE: ReadonlySet<string> = new Set();
const ofSchemas = new WeakMap<GraphQLSchema, ReadonlySet<string>>();

/** Fields of the schema whose names look as if they were given here. */
function namesLikeOwn(schema: GraphQLSchema): ReadonlySet<string> {
  let names = ofSchemas.get(schema);
  if (!names) {
    const fielded = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type) || isInterfaceType(type));
    names = new Set(fielded.flatMap((type) => Object.keys(type.getFields())).filter((name) => /^_\d+$/.test(name)));
    ofSchemas.set(schema, names);
  }
  return names;
}
