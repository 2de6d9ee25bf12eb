/**
 * What subgraphs declare of their subscriptions: how events are delivered, and what is the same for every viewer.
 *
 * The directives count only where they come from our specification: a graph may have others of the same names.
 */
import { type DocumentNode, Kind } from 'graphql';
import { argumentOf, directivesOf, fieldedTypes } from '../plan/join-directives.ts';

export type DeliveryPolicy = 'EVERY' | 'LATEST';

export interface Delivery {
  /** What becomes of events that a client does not read in time: it is asked to come back for each, or gets the newest. */
  readonly policy: DeliveryPolicy;
  /** Whether a subscription without a cursor may begin with what is so already. */
  readonly beginsWithState: boolean;
}

export interface LiveFields {
  /** By the field of the subscription type. */
  readonly delivery: ReadonlyMap<string, Delivery>;
  /** As `Type.field`. */
  readonly viewerIndependent: ReadonlySet<string>;
}

export const DELIVERY_BY_DEFAULT: Delivery = { policy: 'EVERY', beginsWithState: false };

const SPECIFICATION = 'https://lyceum.example/subscriptions/v1.';

/** `document` is that of a supergraph. */
export function readLiveFields(document: DocumentNode): LiveFields {
  const delivery = new Map<string, Delivery>();
  const viewerIndependent = new Set<string>();
  if (!isLinked(document)) return { delivery, viewerIndependent };
  const subscription = subscriptionType(document);
  for (const [typeName, { fields = [] }] of fieldedTypes(document)) {
    for (const field of fields) {
      const name = field.name.value;
      if (directivesOf(field, 'viewerIndependent').length > 0) viewerIndependent.add(`${typeName}.${name}`);
      const [declared] = typeName === subscription ? directivesOf(field, 'delivery') : [];
      if (!declared) continue;
      delivery.set(name, {
        policy: argumentOf(declared, 'policy') === 'LATEST' ? 'LATEST' : 'EVERY',
        beginsWithState: argumentOf(declared, 'beginsWithState') === 'true',
      });
    }
  }
  return { delivery, viewerIndependent };
}

function isLinked({ definitions }: DocumentNode): boolean {
  return definitions.some(
    (definition) =>
      (definition.kind === Kind.SCHEMA_DEFINITION || definition.kind === Kind.SCHEMA_EXTENSION) &&
      directivesOf(definition, 'link').some((link) => argumentOf(link, 'url').startsWith(SPECIFICATION)),
  );
}

function subscriptionType({ definitions }: DocumentNode): string | undefined {
  for (const definition of definitions) {
    if (definition.kind !== Kind.SCHEMA_DEFINITION) continue;
    return definition.operationTypes.find(({ operation }) => operation === 'subscription')?.type.name.value;
  }
  return undefined;
}
