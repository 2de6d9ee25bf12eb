/**
 * The shape of an answer, compiled from what an operation selects: for each type a value may be of, its fields in order
 * and how each is completed. A type's shape is made when the first value of the type comes, and kept.
 */
import {
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLLeafType,
  type GraphQLOutputType,
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isListType,
  isNonNullType,
  isObjectType,
  type SelectionSetNode,
} from 'graphql';
import { collectFields, type Selected } from './collect-fields.ts';
import { compileLeaf, type LeafShape } from './write-leaf.ts';

export interface FieldShape {
  /** As the client names it. */
  readonly key: string;
  /** As the data names it. */
  readonly source: string;
  /** The key as bytes of JSON, with the brace or comma before it and its colon. */
  readonly label: Uint8Array;
  /** `Type.field`, for messages. */
  readonly name: string;
  readonly nullable: boolean;
  readonly value: ValueShape;
}

export type ValueShape =
  | LeafShape
  | { readonly kind: 'list'; readonly itemNullable: boolean; readonly item: ValueShape }
  | { readonly kind: 'object'; shapeOf(typename: unknown): ObjectShape | null }
  /** `__typename`, as JSON; null where the type of the value is not known. */
  | { readonly kind: 'typename'; readonly json: string | null }
  /** `__schema` and `__type`. */
  | { readonly kind: 'introspection' };

export interface ObjectShape {
  readonly type: string;
  /** False where only an interface or union is known. */
  readonly concrete: boolean;
  readonly fields: readonly FieldShape[];
  /** What the object is completed with later; absent if nothing is. */
  readonly deferred?: readonly DeferredShape[];
}

/** The type may have become known in the meantime. */
export interface DeferredShape {
  readonly label: string;
  shapeOf(typename: unknown): ObjectShape | null;
}

export function shapeObject(
  selected: Selected,
  type: GraphQLCompositeType,
  selectionSets: readonly SelectionSetNode[],
): ObjectShape {
  const later = new Map<string, SelectionSetNode>();
  const fields = [...collectFields(selected, type, selectionSets, later)].map(([key, nodes], index) => {
    const label = Buffer.from(`${index === 0 ? '{' : ','}${JSON.stringify(key)}:`);
    return shapeField(selected, type, nodes, { key, label });
  });
  const shape = { type: type.name, concrete: isObjectType(type), fields };
  if (later.size === 0) return shape;
  return { ...shape, deferred: [...later].map(([label, set]) => shapeDeferred(selected, type, label, set)) };
}

function shapeDeferred(
  selected: Selected,
  type: GraphQLCompositeType,
  label: string,
  set: SelectionSetNode,
): DeferredShape {
  if (isObjectType(type)) {
    const shape = shapeObject(selected, type, [set]);
    return { label, shapeOf: () => shape };
  }
  return { label, shapeOf: shapesOf(selected, type, [set]) };
}

function shapeField(
  selected: Selected,
  parent: GraphQLCompositeType,
  nodes: readonly FieldNode[],
  named: Pick<FieldShape, 'key' | 'label'>,
): FieldShape {
  const field = nodes[0]!.name.value;
  const common = { ...named, source: selected.keyOf(nodes[0]!), name: `${parent.name}.${field}` };
  if (field === '__typename') {
    const json = isObjectType(parent) ? JSON.stringify(parent.name) : null;
    return { ...common, nullable: false, value: { kind: 'typename', json } };
  }
  if (field === '__schema' || field === '__type') {
    return { ...common, nullable: field === '__type', value: { kind: 'introspection' } };
  }
  const type = 'getFields' in parent ? parent.getFields()[field]?.type : undefined;
  if (!type) throw new Error(`The schema has no field ${common.name}.`);
  const selectionSets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
  return { ...common, nullable: !isNonNullType(type), value: shapeValue(selected, type, selectionSets) };
}

function shapeValue(
  selected: Selected,
  type: GraphQLOutputType,
  selectionSets: readonly SelectionSetNode[],
): ValueShape {
  const nullable = getNullableType(type);
  if (isListType(nullable)) {
    const { ofType } = nullable;
    return { kind: 'list', itemNullable: !isNonNullType(ofType), item: shapeValue(selected, ofType, selectionSets) };
  }
  const named = getNamedType(nullable);
  if (!isCompositeType(named)) return compileLeaf(named as GraphQLLeafType);
  return { kind: 'object', shapeOf: shapesOf(selected, named, selectionSets) };
}

/** Null for a type that cannot stand here, as far as clients know. */
function shapesOf(selected: Selected, declared: GraphQLCompositeType, selectionSets: readonly SelectionSetNode[]) {
  const { schema } = selected;
  let declaredShape: ObjectShape | undefined;
  const shapeOfDeclared = () => {
    declaredShape ??= shapeObject(selected, declared, selectionSets);
    return declaredShape;
  };
  // The declared type says it all; a subgraph need not repeat it.
  if (!isAbstractType(declared)) return shapeOfDeclared;

  const shapes = new Map<string, ObjectShape>();
  return (typename: unknown): ObjectShape | null => {
    if (typeof typename !== 'string') return typename === undefined ? shapeOfDeclared() : null;
    const known = shapes.get(typename);
    if (known) return known;
    const type = schema.getType(typename);
    const possible =
      typename === declared.name || (isCompositeType(type) && 'getFields' in type && schema.isSubType(declared, type));
    if (!possible || !isCompositeType(type)) return null;
    const shape = shapeObject(selected, type, selectionSets);
    shapes.set(typename, shape);
    return shape;
  };
}
