/**
 * Runs a plan: Apollo's executor walks it, our fetch function reaches the subgraphs.
 *
 * A fetch that fails costs its own fields and nothing else: one error for each root field it was to fill, or one for the
 * entities it was to complete, with the path; the rest of the data stays. A subscription's event runs through the same
 * executor, with the event standing in for the answer of the subgraph that sent it.
 *
 * A reference to an entity that its subgraph does not show the viewer is null, and no error, wherever the schema lets it be.
 */
import { executeQueryPlan } from '@apollo/gateway';
import type { FetchNode, PlanNode, QueryPlan } from '@apollo/query-planner';
import { isLyceumError, type Logger } from '@lyceum/service-kit';
import { type ExecutionResult, GraphQLError, Kind, type SelectionSetNode } from 'graphql';
import type { OperationScope } from '../operation-scope.ts';
import type { PlannedOperation } from './plan-cache.ts';
import type { SubgraphRequest, SubgraphResponse } from './subgraph-client.ts';

/** Asks a subgraph. May throw; a LyceumError keeps its code. */
export type FetchFromSubgraph = (
  subgraph: string,
  url: string,
  request: SubgraphRequest,
  scope: OperationScope,
) => Promise<SubgraphResponse>;

export interface PlanExecutorOptions {
  fetch: FetchFromSubgraph;
  log: Logger;
}

type Variables = Readonly<Record<string, unknown>>;
type ApolloRequestContext = Parameters<typeof executeQueryPlan>[2];
type ApolloServices = Parameters<typeof executeQueryPlan>[1];
type DataSource = ApolloServices[string];

/** The name under which an event answers in place of a subgraph; no subgraph can be named so. */
const EVENT = '$event';

export interface PlanExecutor {
  /** For queries and mutations. Never throws for what a subgraph does. */
  execute(planned: PlannedOperation, variables: Variables, scope: OperationScope): Promise<ExecutionResult>;
  /** What to subscribe to, and where. Throws if the operation is no subscription. */
  source(planned: PlannedOperation, variables: Variables): { url: string; request: SubgraphRequest };
  /** Completes one event with what other subgraphs know of it. */
  enrich(
    planned: PlannedOperation,
    event: SubgraphResponse,
    variables: Variables,
    scope: OperationScope,
  ): Promise<ExecutionResult>;
}

export function createPlanExecutor({ fetch, log }: PlanExecutorOptions): PlanExecutor {
  async function run(
    plan: QueryPlan,
    planned: PlannedOperation,
    variables: Variables,
    scope: OperationScope,
    event?: DataSource,
  ) {
    const { supergraph, operation, fragments, document } = planned;
    const services: ApolloServices = Object.create(null);
    const unseen: Pattern[] = [];
    for (const [name, url] of supergraph.subgraphUrls) services[name] = dataSource(name, url, scope, unseen);
    if (event) services[EVENT] = event;
    const result = await executeQueryPlan(
      plan,
      services,
      // The executor reads these members only.
      { request: { variables }, context: scope, document, metrics: {}, logger: log } as unknown as ApolloRequestContext,
      { schema: supergraph.schema, operation, fragments: { ...fragments } },
      supergraph.apollo.full,
      supergraph.apollo.api,
    );
    return reportNulledFields(result, unseen);
  }

  /** Never throws: an error that Apollo's executor catches loses its path. Notes in `unseen` where entities were null. */
  function dataSource(subgraph: string, url: string, scope: OperationScope, unseen: Pattern[]): DataSource {
    return {
      async process({ request, ...rest }) {
        const { query = '', operationName, variables } = request;
        const rootSelections = 'document' in rest ? rootSelectionsOf(rest.document) : undefined;
        try {
          const { data, errors } = await fetch(subgraph, url, { query, operationName, variables }, scope);
          const entities: unknown = data?._entities;
          if (!errors && Array.isArray(entities) && entities.includes(null) && 'pathInIncomingRequest' in rest) {
            unseen.push(rest.pathInIncomingRequest ?? []);
          }
          return { data, errors: errors?.flatMap((error) => locate(error, rootSelections)) };
        } catch (error) {
          if (!isLyceumError(error)) throw error;
          log[scope.signal.aborted ? 'debug' : 'warn'](
            { subgraph, requestId: scope.requestId, code: error.code, err: error.cause },
            'subgraph did not answer',
          );
          return {
            data: null,
            errors: locate({ message: error.message, extensions: { code: error.code } }, rootSelections),
          };
        }
      },
    };
  }

  return {
    execute: (planned, variables, scope) => run(planned.plan, planned, variables, scope),

    source(planned, variables) {
      const { primary } = subscriptionOf(planned);
      const url = planned.supergraph.subgraphUrls.get(primary.serviceName);
      if (url === undefined) throw new Error(`The plan names an unknown subgraph: ${primary.serviceName}`);
      const used = (primary.variableUsages ?? []).filter((name) => variables[name] !== undefined);
      return {
        url,
        request: {
          query: primary.operation,
          operationName: primary.operationName,
          variables: Object.fromEntries(used.map((name) => [name, variables[name]])),
        },
      };
    },

    enrich(planned, event, variables, scope) {
      const { primary, rest } = subscriptionOf(planned);
      const first: PlanNode = { ...primary, serviceName: EVENT };
      const node: PlanNode = rest ? { kind: 'Sequence', nodes: [first, rest] } : first;
      const answer: DataSource = { process: async () => ({ data: event.data, errors: event.errors }) };
      return run({ kind: 'QueryPlan', node }, planned, variables, scope, answer);
    },
  };
}

function subscriptionOf({ plan }: PlannedOperation): { primary: FetchNode; rest?: PlanNode } {
  if (plan.node?.kind !== 'Subscription') throw new Error('The plan is not that of a subscription.');
  return plan.node;
}

type Located = NonNullable<SubgraphResponse['errors']>[number];

/** Gives an error without a path the path of what its fetch leaves empty, relative to the fetch as Apollo expects it. */
function locate(error: Located, rootSelections: SelectionSetNode | undefined): Located[] {
  if (error.path || !rootSelections) return [error];
  const keys = responseKeys(rootSelections);
  if (!keys.includes('_entities')) return keys.map((key) => ({ ...error, path: [key] }));
  const [entities] = rootSelections.selections;
  const fields = entities?.kind === Kind.FIELD && entities.selectionSet ? responseKeys(entities.selectionSet) : [];
  return [{ ...error, path: ['_entities', 0, ...(fields.length === 1 ? fields : [])] }];
}

function rootSelectionsOf(document: FetchNode['operationDocumentNode']): SelectionSetNode | undefined {
  const operation = document?.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  return operation?.selectionSet;
}

/** Response names of a planner's selection set, which holds inline fragments but no named ones. */
function responseKeys({ selections }: SelectionSetNode): string[] {
  const keys = selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [(selection.alias ?? selection.name).value];
    return selection.kind === Kind.INLINE_FRAGMENT ? responseKeys(selection.selectionSet) : [];
  });
  return [...new Set(keys)].filter((key) => key !== '__typename');
}

/** Where in an operation's result a fetch put its entities, as Apollo writes it: `@` stands for any index. */
type Pattern = readonly (string | number)[];

/**
 * Apollo's executor tells of fields that a subgraph left null against the schema in an extension. The specification wants
 * them among the errors; they are faults of a subgraph, hence without a code of the catalogue. Not so the fields of an
 * entity that is not there for the viewer: its reference is null, and that says it all, if it may be null.
 */
function reportNulledFields(result: ExecutionResult, unseen: readonly Pattern[]): ExecutionResult {
  const { valueCompletion, ...extensions } = (result.extensions ?? {}) as { valueCompletion?: GraphQLError[] };
  if (!valueCompletion?.length) return result;
  const errors = valueCompletion
    .filter(({ path = [] }) => !unseen.some((pattern) => isReferenceNull(result.data, path, pattern)))
    .map((error) => new GraphQLError(error.message, { path: error.path }));
  return {
    data: result.data,
    ...(errors.length > 0 && { errors }),
    ...(Object.keys(extensions).length > 0 && { extensions }),
  };
}

/** Whether the path lies below the pattern, and its null went no further up than to the reference the pattern names. */
function isReferenceNull(data: unknown, path: readonly (string | number)[], pattern: Pattern): boolean {
  let value = data;
  for (const [depth, part] of pattern.entries()) {
    const key = path[depth];
    const [name] = String(part).split('|');
    if (key === undefined || value === null || value === undefined) return false;
    if (typeof key === 'number' ? name !== '@' : name !== key) return false;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value === null;
}
