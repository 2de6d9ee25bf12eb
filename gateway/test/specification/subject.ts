/**
 * A graph of several subgraphs over one set of values, and the same values behind one schema run by graphql-js.
 *
 * Each operation goes through the gateway's plan and executor twice. Strict subgraphs complete their values themselves, so
 * that faults come to the gateway as errors; raw ones hand over whatever the values are, so that the gateway alone decides
 * what may stand where. Both answers must be the one that the single schema gives.
 */
import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { createLogger } from '@lyceum/service-kit';
import {
  type DocumentNode,
  execute,
  type GraphQLError,
  type GraphQLObjectType,
  type GraphQLSchema,
  isObjectType,
  Kind,
  parse,
  specifiedRules,
  type TypeNode,
  validate,
  visit,
} from 'graphql';
import { expect } from 'vitest';
import { coerceVariables } from '../../src/federation/coerce-variables.ts';
import type { PlannedOperation } from '../../src/federation/plan/plan-operation.ts';
import { createPlanCache } from '../../src/federation/plan-cache.ts';
import { createPlanExecutor } from '../../src/federation/plan-executor.ts';
import type { SubgraphRequest, SubgraphResponse } from '../../src/federation/subgraph-client.ts';
import { buildSupergraph } from '../../src/federation/supergraph/build-supergraph.ts';
import { type Answer, asAnswer, difference } from '../differential/compare.ts';

/** What the root fields give and which entities there are (`User-1`): values, or functions of the arguments. */
export interface Values {
  readonly root: Readonly<Record<string, unknown>>;
  readonly entities?: Readonly<Record<string, unknown>>;
}

export interface Asking {
  readonly variables?: unknown;
  readonly operationName?: string;
}

export interface Subject {
  readonly api: GraphQLSchema;
  /** The one answer of all; fails the test where they differ. */
  answer(source: string, asking?: Asking): Promise<Answer>;
  /** Names of the subgraphs that were asked for the last answer, in order. */
  readonly asked: readonly string[];
  /** The same for one event of a subscription; `root` holds what the event gives. */
  event(source: string, root: Values['root'], asking?: Asking): Promise<Answer>;
}

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@inaccessible"])\n';

/** `values` makes them anew for each run, as mutations may change them. */
export function createSubject(sdls: Readonly<Record<string, string>>, values: () => Values): Subject {
  const documents = new Map(Object.entries(sdls).map(([name, sdl]) => [name, parse(LINK + sdl)]));
  const composition = composeServices(
    [...documents].map(([name, typeDefs]) => ({ name, url: `http://${name}.test/graphql`, typeDefs })),
  );
  if (composition.errors) throw new Error(composition.errors.map(String).join('\n'));
  const supergraph = buildSupergraph(composition.supergraphSdl);
  const plans = createPlanCache({ maxEntries: 100, maxSourceLength: 1_000_000 });
  const strict = subgraphsOf(documents);
  const raw = subgraphsOf(new Map([...documents].map(([name, document]) => [name, withoutRules(document)])));
  const asked: string[] = [];

  function gateway(subgraphs: ReadonlyMap<string, GraphQLSchema>) {
    const current = values();
    return createPlanExecutor({
      log: createLogger('specification', { level: 'silent' }),
      async fetch(subgraph, _url, request) {
        asked.push(subgraph);
        return await ask(subgraphs.get(subgraph)!, request, current);
      },
    });
  }

  /** Throws for a fault of the gateway's own: only what it refuses is an answer. */
  async function prepare(source: string, { variables, operationName }: Asking): Promise<Prepared | Answer> {
    let parsed: ReturnType<typeof plans.lookup>;
    try {
      parsed = plans.lookup(supergraph, source, operationName ?? null, 10_000);
    } catch (error) {
      return refused(error);
    }
    const outcome = await parsed.plan();
    if (!outcome.ok) return asAnswer({ errors: outcome.errors });
    const coerced = coerceVariables(outcome.planned, variables);
    return coerced.ok
      ? { planned: outcome.planned, variables: coerced.variables }
      : asAnswer({ errors: coerced.errors });
  }

  async function engine(subgraphs: ReadonlyMap<string, GraphQLSchema>, source: string, asking: Asking) {
    asked.length = 0;
    const prepared = await prepare(source, asking);
    if (!('planned' in prepared)) return prepared;
    return asAnswer(await gateway(subgraphs).execute(prepared.planned, prepared.variables, scope()));
  }

  return {
    api: supergraph.schema,
    asked,
    async answer(source, asking = {}) {
      const expected = await onOneSchema(supergraph.schema, source, asking, values());
      const fromStrict = await engine(strict, source, asking);
      agrees(expected, fromStrict, 'strict subgraphs');
      agrees(expected, await engine(raw, source, asking), 'raw subgraphs');
      return fromStrict;
    },
    async event(source, root, asking = {}) {
      const happened = () => ({ ...values(), root });
      const expected = await onOneSchema(supergraph.schema, source, asking, happened());
      const enriched = async (subgraphs: ReadonlyMap<string, GraphQLSchema>) => {
        const prepared = await prepare(source, asking);
        if (!('planned' in prepared)) return prepared;
        const { planned, variables } = prepared;
        const executor = gateway(subgraphs);
        const { url, request } = executor.source(planned, variables);
        const event = await ask(subgraphs.get(new URL(url).hostname.split('.')[0]!)!, request, happened());
        return asAnswer(await executor.enrich(planned, event, variables, scope()));
      };
      const fromStrict = await enriched(strict);
      agrees(expected, fromStrict, 'strict subgraphs');
      agrees(expected, await enriched(raw), 'raw subgraphs');
      return fromStrict;
    },
  };
}

interface Prepared {
  readonly planned: PlannedOperation;
  readonly variables: Readonly<Record<string, unknown>>;
}

export const paths = ({ errors = [] }: Answer) => errors.map(({ path }) => path);

function scope() {
  return { requestId: 'specification', viewer: null, signal: new AbortController().signal };
}

function refused(error: unknown): Answer {
  return { errors: [{ message: String(error) }] };
}

/** A request that is refused has errors and no data; which message comes first is free. */
function agrees(expected: Answer, actual: Answer, through: string): void {
  expect('data' in actual, `${through}: ${JSON.stringify(actual)}`).toBe('data' in expected);
  if (!('data' in expected)) expect(actual.errors?.length, through).toBeGreaterThan(0);
  else expect(difference(expected, actual, []), `${through}: ${JSON.stringify(actual)}`).toBeNull();
}

async function onOneSchema(schema: GraphQLSchema, source: string, asking: Asking, { root }: Values): Promise<Answer> {
  let document: DocumentNode;
  try {
    const read = readDocument(schema, source);
    if (read.errors.length > 0) return asAnswer({ errors: read.errors });
    document = read.document;
  } catch (error) {
    return refused(error);
  }
  const { variables, operationName } = asking;
  const variableValues = (variables ?? {}) as Record<string, unknown>;
  const result = await execute({ schema, document, rootValue: root, variableValues, operationName });
  // What graphql-js cannot even begin, such as to read a condition, it tells of without a path.
  const begun = result.data || result.errors?.every(({ path }) => path);
  return asAnswer(begun ? result : { errors: result.errors });
}

interface ReadDocument {
  readonly document: DocumentNode;
  readonly errors: readonly GraphQLError[];
}
const documentsRead = new WeakMap<GraphQLSchema, Map<string, ReadDocument>>();

/** Once for each text: the same is asked for many values. Throws for what does not parse. */
function readDocument(schema: GraphQLSchema, source: string): ReadDocument {
  const known = documentsRead.get(schema) ?? new Map<string, ReadDocument>();
  documentsRead.set(schema, known);
  let read = known.get(source);
  if (!read) {
    const document = parse(source);
    read = { document, errors: validate(schema, document, specifiedRules) };
    known.set(source, read);
  }
  return read;
}

/** Over the wire and back. */
async function ask(schema: GraphQLSchema, request: SubgraphRequest, values: Values): Promise<SubgraphResponse> {
  const body = JSON.parse(request.body ?? JSON.stringify(request)) as SubgraphRequest;
  const { query, variables: variableValues, operationName } = body;
  const { document, errors } = readDocument(schema, query);
  if (errors.length > 0) throw new Error(`the subgraph refuses ${query}: ${errors[0]?.message}`);
  const result = await execute({
    schema,
    document,
    rootValue: values.root,
    contextValue: values,
    variableValues,
    operationName,
  });
  return JSON.parse(JSON.stringify(result)) as SubgraphResponse;
}

function subgraphsOf(documents: ReadonlyMap<string, DocumentNode>): Map<string, GraphQLSchema> {
  return new Map(
    [...documents].map(([name, typeDefs]) => {
      const schema = buildSubgraphSchema({ typeDefs });
      for (const type of Object.values(schema.getTypeMap())) if (isObjectType(type)) findsEntities(type);
      return [name, schema];
    }),
  );
}

function findsEntities(type: GraphQLObjectType): void {
  const resolveReference = ({ id }: { id: string }, { entities }: Values) => entities?.[`${type.name}-${id}`] ?? null;
  type.extensions = { ...type.extensions, apollo: { subgraph: { resolveReference } } };
}

/** Nothing is required of a field's values: each may be null, and leaves may be anything. */
function withoutRules(document: DocumentNode): DocumentNode {
  const composite = new Set<string>();
  visit(document, {
    ObjectTypeDefinition: ({ name }) => void composite.add(name.value),
    InterfaceTypeDefinition: ({ name }) => void composite.add(name.value),
    UnionTypeDefinition: ({ name }) => void composite.add(name.value),
  });
  const loose = (type: TypeNode): TypeNode => {
    if (type.kind === Kind.NON_NULL_TYPE) return loose(type.type);
    if (type.kind === Kind.LIST_TYPE) return { ...type, type: loose(type.type) };
    return composite.has(type.name.value) ? type : { ...type, name: { ...type.name, value: 'Anything' } };
  };
  return visit(
    {
      ...document,
      definitions: [...document.definitions, ...parse('scalar Anything').definitions],
    },
    { FieldDefinition: (field) => ({ ...field, type: loose(field.type) }) },
  );
}
