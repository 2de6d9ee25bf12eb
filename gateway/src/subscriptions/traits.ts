/**
 * What the graph declares of a subscription as a whole.
 *
 * It is the same for every viewer only if each field that it selects is declared so; of an interface's field, that of every
 * type that may stand there too. Whatever is not known to be independent depends on the viewer.
 */
import { type GraphQLCompositeType, isAbstractType, TypeInfo, visit, visitWithTypeInfo } from 'graphql';
import type { PlannedOperation } from '../federation/plan/plan-operation.ts';
import { DELIVERY_BY_DEFAULT, type Delivery } from '../federation/supergraph/live-fields.ts';

export interface Traits extends Delivery {
  readonly isViewerIndependent: boolean;
}

const known = new WeakMap<PlannedOperation, Traits>();

export function traitsOf(planned: PlannedOperation): Traits {
  const traits = known.get(planned) ?? readTraits(planned);
  known.set(planned, traits);
  return traits;
}

function readTraits({ supergraph, operation, fragments }: PlannedOperation): Traits {
  const { schema, live } = supergraph;
  const types = new TypeInfo(schema);
  let isViewerIndependent = true;
  let delivery: Delivery | undefined;
  const isDeclared = (type: GraphQLCompositeType, field: string) =>
    [type, ...(isAbstractType(type) ? schema.getPossibleTypes(type) : [])].every(({ name }) =>
      live.viewerIndependent.has(`${name}.${field}`),
    );
  // Fragments of other operations in the same document make it stricter than it need be, and nothing else.
  for (const definition of [operation, ...Object.values(fragments)]) {
    const seeFields = visitWithTypeInfo(types, {
      Field({ name: { value: field } }) {
        const parent = types.getParentType();
        if (field === '__typename' || !parent) return;
        if (parent === schema.getSubscriptionType()) delivery ??= live.delivery.get(field);
        isViewerIndependent &&= isDeclared(parent, field);
      },
    });
    visit(definition, seeFields);
  }
  return { ...(delivery ?? DELIVERY_BY_DEFAULT), isViewerIndependent };
}
