/**
 * What an operation may cost, from the schema and its variables alone, before it is planned or sent to any subgraph.
 *
 * The model is the static part of IBM's GraphQL Cost Directive specification (https://ibm.github.io/graphql-specs/cost-spec.html):
 * a field costs 1, and every object that it may bring 1 more, since an object is a row to read or an entity to ask for. A
 * list counts as often as `first`, `last` or `limit` say, or an assumed size. What the argument of a connection says holds
 * for its `edges` and `nodes`. A field of the mutation type has a base cost, and so has a subscription, which counts with
 * one event.
 *
 * It is an upper bound: all branches of a union are added up, and conditions are taken to hold. The document need not be
 * valid; what the schema does not know costs as if it were there. Introspection is answered from memory: its lists count once.
 */
import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInterfaceType,
  isIntrospectionType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { type CostFormula, fixedCost, multiply, type Size, sumOf } from './cost-formula.ts';
import { sizeByArguments } from './list-size.ts';

const FIELD = 1;
const OBJECT = 1;
/** Of each field of the mutation type: transactions, outbox rows and their events. */
const MUTATION = 10;
/** A subscription is held open, here and at its subgraph. */
const SUBSCRIPTION = 10;

/** Fields of a connection that hold as many objects as the connection was asked for. */
const SIZED: ReadonlySet<string> = new Set(['edges', 'nodes']);
const NOTHING: CostFormula = new Map();

interface Costed {
  readonly operation: OperationDefinitionNode;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
}

interface Known {
  readonly schema: GraphQLSchema;
  readonly assumedListSize: number;
  readonly formula: CostFormula;
}

const known = new WeakMap<OperationDefinitionNode, Known>();

/** Remembered per parsed operation. */
export function costOf(schema: GraphQLSchema, costed: Costed, assumedListSize: number): CostFormula {
  const before = known.get(costed.operation);
  if (before?.schema === schema && before.assumedListSize === assumedListSize) return before.formula;
  const formula = compileCost(schema, costed, assumedListSize);
  known.set(costed.operation, { schema, assumedListSize, formula });
  return formula;
}

/** A fragment that spreads itself counts as nothing here; validation refuses it. */
function compileCost(schema: GraphQLSchema, { operation, fragments }: Costed, assumedListSize: number): CostFormula {
  /** By the size of the connection in which they are spread, and their name. */
  const costs = new Map<string, CostFormula>();

  /** `sized`: what the argument of the connection says whose fields are selected. */
  function ofSelections({ selections }: SelectionSetNode, type: GraphQLNamedType | undefined | null, sized?: Size) {
    return sumOf(
      selections.map((selection): CostFormula => {
        if (selection.kind === Kind.FIELD) return ofField(selection, type, sized);
        if (selection.kind === Kind.FRAGMENT_SPREAD) return ofFragment(selection.name.value, sized);
        const condition = selection.typeCondition?.name.value;
        return ofSelections(selection.selectionSet, condition ? schema.getType(condition) : type, sized);
      }),
    );
  }

  function ofFragment(name: string, sized: Size | undefined): CostFormula {
    const key = `${typeof sized === 'object' ? sized.key : sized} ${name}`;
    const cost = costs.get(key);
    if (cost) return cost;
    costs.set(key, NOTHING);
    const fragment = fragments[name];
    if (!fragment) return NOTHING;
    const result = ofSelections(fragment.selectionSet, schema.getType(fragment.typeCondition.name.value), sized);
    costs.set(key, result);
    return result;
  }

  function ofField(node: FieldNode, parent: GraphQLNamedType | undefined | null, sized: Size | undefined): CostFormula {
    const own = fixedCost(parent && parent === schema.getMutationType() ? FIELD + MUTATION : FIELD);
    if (!node.selectionSet) return own;
    const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[node.name.value] : undefined;
    if (!field) return sumOf([own, fixedCost(OBJECT), ofSelections(node.selectionSet, undefined)]);
    const type = getNamedType(field.type);
    const asked = sizeByArguments(field, node, operation, assumedListSize);
    const isList = isListType(getNullableType(field.type));
    const object = sumOf([fixedCost(OBJECT), ofSelections(node.selectionSet, type, isList ? undefined : asked)]);
    if (!isList || isIntrospectionType(type)) return sumOf([own, object]);
    const size = asked ?? (SIZED.has(node.name.value) ? sized : undefined) ?? assumedListSize;
    return sumOf([own, multiply(size, object)]);
  }

  const root = schema.getRootType(operation.operation);
  const base = operation.operation === 'subscription' ? SUBSCRIPTION : 0;
  return sumOf([fixedCost(base), ofSelections(operation.selectionSet, root)]);
}
