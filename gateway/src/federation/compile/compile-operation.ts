/**
 * An operation made ready to run: the steps that fetch its data and the projection that shapes its answer. Made once, when
 * the operation is planned, and kept with the plan.
 */
import type { QueryPlan } from '@apollo/query-planner';
import { type FragmentDefinitionNode, isObjectType, type OperationDefinitionNode } from 'graphql';
import type { OwnNames } from '../plan/own-names.ts';
import type { OwnVariables } from '../plan/own-variables.ts';
import { compileProjection, type DeferringProjection, type Projection } from '../project/projection.ts';
import type { Supergraph } from '../supergraph/build-supergraph.ts';
import { type AskedFields, askedFields } from './asked-fields.ts';
import { compilePlan, fetchesOf, type Step } from './compile-plan.ts';
import { compileFetch, type FetchStep } from './fetch-step.ts';
import { joinedReferences, sharedAnswers } from './sharing.ts';

export interface CompiledOperation {
  /** What to subscribe to; its events take the place of the first fetch. Only for subscriptions. */
  readonly source?: FetchStep;
  /** Absent if nothing has to be fetched. */
  readonly steps?: Step;
  /** Fetches whose answer may stand in several places as one object. */
  readonly shared: ReadonlySet<FetchStep>;
  /** Fetches that may make one object of references that are equal. */
  readonly joined: ReadonlySet<FetchStep>;
  /** Keys of the data → the client's names for them, where they differ. */
  readonly clientNames: ReadonlyMap<string, string>;
  /** In the data's keys. */
  readonly asked: AskedFields;
  /** Whether values can be of this type, by the whole supergraph. */
  isObjectType(name: unknown): boolean;
  readonly projection: Projection;
  /** Present if parts may come later. */
  readonly deferred?: DeferredParts;
}

export interface DeferredParts {
  /** Labels of the plan → the client's, if it gave one. */
  readonly labels: ReadonlyMap<string, string | undefined>;
  readonly projection: DeferringProjection;
}

const NOTHING_DEFERRED = { labels: new Map<string, string | undefined>(), deferred: new Set<string>() };

export function compileOperation(
  supergraph: Supergraph,
  operation: OperationDefinitionNode,
  fragments: Readonly<Record<string, FragmentDefinitionNode>>,
  names: OwnNames & Pick<OwnVariables, 'clientVariables'>,
  { node }: QueryPlan,
  { labels, deferred }: { labels: DeferredParts['labels']; deferred: ReadonlySet<string> } = NOTHING_DEFERRED,
): CompiledOperation {
  const subscription = node?.kind === 'Subscription' ? node : undefined;
  const plan = node?.kind === 'Subscription' ? node.rest : node;
  const graph = { ...supergraph, clientVariables: names.clientVariables };
  const source = subscription && compileFetch(subscription.primary, [], graph);
  const steps = plan && compilePlan(plan, graph);
  const fetches = [...(source ? [source] : []), ...fetchesOf(steps)];
  const answered = fetches.filter(({ pattern }) => pattern.length === 0).flatMap(({ keys }) => keys);
  const projection = compileProjection(
    supergraph.schema,
    operation,
    fragments,
    names.keyOf,
    new Set(answered),
    deferred,
  );
  const shared = sharedAnswers(fetches);
  return {
    source,
    steps,
    shared,
    // What comes later is written from the objects themselves.
    joined: deferred.size > 0 ? new Set() : joinedReferences(fetches, shared),
    clientNames: names.clientNames,
    asked: askedFields(names.definitions),
    isObjectType: (name) => typeof name === 'string' && isObjectType(supergraph.apollo.full.getType(name)),
    projection,
    ...(deferred.size > 0 && { deferred: { labels, projection } }),
  };
}
