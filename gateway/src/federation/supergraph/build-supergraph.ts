/**
 * The composed graph the gateway serves: its public schema, where its subgraphs answer, and the planner over both.
 *
 * Pure: text in, graph out. Takes about 100 ms for our own graph, in one piece.
 */
import {
  Supergraph as ComposedSupergraph,
  DEFAULT_SUPPORTED_SUPERGRAPH_FEATURES,
  type Schema,
} from '@apollo/federation-internals';
import { QueryPlanner } from '@apollo/query-planner';
import { supergraphVersion } from '@lyceum/service-kit';
import { type GraphQLSchema, parse } from 'graphql';
import { createTypeTest, type TypeTest } from '../compile/type-conditions.ts';
import type { PlanRules } from '../plan/check-plan.ts';
import { preparePlannerSupergraph } from '../plan/planner-supergraph.ts';
import type { RequiredField } from '../plan/required-fields.ts';
import { type LiveFields, readLiveFields } from './live-fields.ts';

/** Read `.current` of where it is served per operation and never keep it: an operation finishes on the one it began with. */
export interface Supergraph {
  /** Names its text: equal SDL, equal version. */
  readonly version: string;
  /** What clients see: the supergraph without federation's own types and without inaccessible elements. */
  readonly schema: GraphQLSchema;
  /** Subgraph name → address of its GraphQL endpoint. */
  readonly subgraphUrls: ReadonlyMap<string, string>;
  /** Whether a value of one type satisfies a condition on another; knows types that clients do not see. */
  readonly isA: TypeTest;
  /** Fields that plans name otherwise than the graph does, by the plan's name. */
  readonly required: ReadonlyMap<string, RequiredField>;
  /** Subgraphs that only plans know → the subgraph that answers for them. */
  readonly owners: ReadonlyMap<string, string>;
  /** What is declared of subscriptions. */
  readonly live: LiveFields;
  /** What every plan must keep. */
  readonly rules: PlanRules;
  /** Apollo's view of the same graph, in the names of plans; only for the files of this folder. */
  readonly apollo: {
    readonly api: Schema;
    readonly full: GraphQLSchema;
    readonly planner: QueryPlanner;
    /** Plans `@defer`, which the other one ignores. Made when the first operation needs it. */
    incrementalPlanner(): QueryPlanner;
  };
}

export type SubgraphUrls = Readonly<Record<string, string | undefined>>;

/** A graph that relies on more, such as on authorisation that nobody here enforces, does not load. */
const SUPPORTED_FEATURES = new Set([...DEFAULT_SUPPORTED_SUPERGRAPH_FEATURES, 'https://specs.apollo.dev/context/v0.1']);

/** The parsed document of each fetch tells which fields a fetch adds. */
const PLANNER = { exposeDocumentNodeInFetchNode: true };
/**
 * Each deferred fragment opens further ways through the graph. Comparing 10,000 plans, as is usual, has taken 20 s where
 * 100 took a quarter of a second and led to as many fetches.
 */
const INCREMENTAL_PLANNER = {
  incrementalDelivery: { enableDefer: true },
  debug: { maxEvaluatedPlans: 100 },
};

/** `urls` override the addresses that were composed in, by subgraph name in lower case. Throws on SDL that does not load. */
export function buildSupergraph(sdl: string, urls: SubgraphUrls = {}): Supergraph {
  const options = { supportedFeatures: SUPPORTED_FEATURES, validateSupergraph: true };
  const composed = ComposedSupergraph.build(sdl, options);
  const { sdl: plannerSdl, ...plannerNames } = preparePlannerSupergraph(sdl);
  // Valid as it came: what was changed for the planner need not keep the rules of composition.
  const planned =
    plannerSdl === sdl ? composed : ComposedSupergraph.build(plannerSdl, { ...options, validateSupergraph: false });
  let incrementalPlanner: QueryPlanner | undefined;
  const full = composed.schema.toGraphQLJSSchema();
  return {
    version: supergraphVersion(sdl),
    schema: composed.apiSchema().toGraphQLJSSchema({ includeDefer: true }),
    subgraphUrls: new Map(composed.subgraphsMetadata().map(({ name, url }) => [name, urls[name.toLowerCase()] ?? url])),
    isA: createTypeTest(full),
    live: readLiveFields(parse(sdl, { noLocation: true })),
    ...plannerNames,
    apollo: {
      api: planned.apiSchema(),
      full,
      planner: new QueryPlanner(planned, PLANNER),
      incrementalPlanner() {
        incrementalPlanner ??= new QueryPlanner(planned, { ...PLANNER, ...INCREMENTAL_PLANNER });
        return incrementalPlanner;
      },
    },
  };
}
