/**
 * Random operations over subgraphs whose answers are spoiled at random places: whatever comes of it has the shape that the
 * schema promises, and its errors say where.
 */
import { createLogger } from '@lyceum/service-kit';
import { execute, Kind, parse, print, specifiedRules, validate, visit } from 'graphql';
import { describe, expect, test } from 'vitest';
import { coerceVariables } from '../../src/federation/coerce-variables.ts';
import { createPlanCache } from '../../src/federation/plan-cache.ts';
import { createPlanExecutor } from '../../src/federation/plan-executor.ts';
import type { SubgraphResponse } from '../../src/federation/subgraph-client.ts';
import { buildSupergraph } from '../../src/federation/supergraph/build-supergraph.ts';
import { type Answer, asAnswer } from '../differential/compare.ts';
import type { Family } from '../differential/families/family.ts';
import { families } from '../differential/families/index.ts';
import { generateOperation } from '../differential/generate-operation.ts';
import { buildGraph } from '../differential/graph.ts';
import { createRandom, hash, type Random } from '../differential/random.ts';
import { ROOT, type Run, subgraphSchema } from '../differential/schemas.ts';
import { createWorld } from '../differential/world.ts';

const SEED = 20_261_121;
const COUNT = 16;

/** What stands in place of a value, as JSON. */
const JUNK = [
  'null',
  '7',
  '-1.5',
  '1e400',
  '""',
  '"x"',
  'true',
  '[]',
  '[null]',
  '[[7]]',
  '{}',
  '{"__typename":"Nobody"}',
  '{"__typename":7,"id":{}}',
  '{"__proto__":{"polluted":true},"constructor":{"prototype":null}}',
];
const JUNK_ERRORS = [
  'null',
  '{}',
  '{"message":7,"path":"x"}',
  '{"message":"m","path":[]}',
  '{"message":"m","path":["__proto__",0]}',
  '{"message":"m","path":["_entities"]}',
  '{"message":"m","path":["_entities",0]}',
  '{"message":"m","path":["_entities",1e400,"x"],"extensions":[]}',
];

/** Changes up to three places of an answer. */
function spoil(answer: SubgraphResponse, random: Random): SubgraphResponse {
  const spoiled = { root: answer as unknown };
  for (let times = random.below(4); times > 0; times -= 1) {
    const places = placesIn(spoiled);
    const [holder, key] = random.pick(places);
    const junk: unknown = JSON.parse(random.pick(JUNK));
    if (random.chance(0.25) && !Array.isArray(holder)) delete holder[key];
    else if (random.chance(0.2) && Array.isArray(holder)) holder.splice(Number(key), random.below(2), junk);
    else holder[key] = junk;
  }
  if (random.chance(0.15) && isHolder(spoiled.root)) spoiled.root.errors = [JSON.parse(random.pick(JUNK_ERRORS))];
  // What the subgraph client lets through is an object.
  return (isHolder(spoiled.root) && !Array.isArray(spoiled.root) ? spoiled.root : {}) as SubgraphResponse;
}

type Holder = Record<string, unknown>;
const isHolder = (value: unknown): value is Holder => typeof value === 'object' && value !== null;

function placesIn(holder: Holder): [Holder, string][] {
  return Object.keys(holder).flatMap((key) => {
    const value = holder[key];
    return [[holder, key] as [Holder, string], ...(isHolder(value) ? placesIn(value) : [])];
  });
}

function createSpoiled(family: Family) {
  const graph = buildGraph(family);
  const api = graph.apiSchema();
  const supergraph = buildSupergraph(graph.sdl);
  const subgraphs = new Map(Object.keys(family.subgraphs).map((name) => [name, subgraphSchema(graph, name)]));
  const plans = createPlanCache({ maxEntries: 8, maxSourceLength: 1_000_000 });

  /** An operation that also asks for the type of every object, as `t__`. */
  function operationOf(seed: number) {
    for (let attempt = 0; ; attempt += 1) {
      const { source, variables } = generateOperation(api, createRandom(hash(seed, attempt)));
      const [type] = parse('{ t__: __typename }').definitions;
      const selection = type?.kind === Kind.OPERATION_DEFINITION ? type.selectionSet.selections : [];
      const document = visit(parse(source), {
        SelectionSet: (set) => ({ ...set, selections: [...set.selections, ...selection] }),
      });
      if (validate(api, document, specifiedRules).length === 0) return { document, source: print(document), variables };
    }
  }

  return {
    async run(seed: number) {
      const { document, source, variables } = operationOf(seed);
      const run: Run = { world: createWorld(graph, seed, 0), journal: [], unknown: [] };
      const random = createRandom(hash(seed, 'spoil'));
      const executor = createPlanExecutor({
        log: createLogger('garbage', { level: 'silent' }),
        async fetch(subgraph, _url, request) {
          const body = JSON.parse(request.body ?? JSON.stringify(request));
          const schema = subgraphs.get(subgraph)!;
          const honest = await execute({
            schema,
            document: parse(body.query),
            rootValue: ROOT,
            contextValue: run,
            variableValues: body.variables,
          });
          return spoil(JSON.parse(JSON.stringify(honest)), random);
        },
      });
      const outcome = await plans.lookup(supergraph, source, null, 100_000).plan();
      if (!outcome.ok) throw outcome.errors[0];
      const coerced = coerceVariables(outcome.planned, variables);
      if (!coerced.ok) throw coerced.errors[0];
      const scope = { requestId: 'garbage', viewer: null, signal: new AbortController().signal };
      const answer = asAnswer(await executor.execute(outcome.planned, coerced.variables, scope));
      // An answer of the right shape is the answer to the same operation over itself.
      const again = await execute({
        schema: api,
        document,
        rootValue: answer.data,
        variableValues: variables,
        fieldResolver: (from, _args, _context, { path }) =>
          Object.hasOwn(from, path.key) ? from[path.key] : undefined,
        typeResolver: ({ t__ }) => t__,
      });
      return { source, answer, again: asAnswer(again) };
    },
  };
}

function checkErrors({ errors = [], data }: Answer, source: string): void {
  const told = new Set<string>();
  for (const { message, path } of errors) {
    expect(message, source).toEqual(expect.stringMatching(/./));
    const at = JSON.stringify(path);
    if (path && data) expect(Object.keys(data), source).toContain(path[0]);
    expect(told.has(at), `two errors at ${at} in ${source}`).toBe(false);
    told.add(at);
  }
  if (data === null) expect(errors.length, source).toBeGreaterThan(0);
}

describe.each(families)('garbage from the subgraphs of the $name', (family) => {
  test(`${COUNT} answers have the shape that the schema promises (seed ${SEED})`, async () => {
    const spoiled = createSpoiled(family);
    let withErrors = 0;
    for (let n = 0; n < COUNT; n += 1) {
      const { source, answer, again } = await spoiled.run(hash(SEED, family.name, n));
      checkErrors(answer, source);
      if (answer.errors) withErrors += 1;
      // An argument that is null where it must not be has no value at all: what stands there is nobody's answer.
      const refused = again.errors?.some(({ message }) => message.startsWith('Argument '));
      if (answer.data === null || refused) continue;
      expect(again.errors, source).toBeUndefined();
      expect(JSON.stringify(again.data), source).toBe(JSON.stringify(answer.data));
    }
    expect(withErrors).toBeGreaterThan(COUNT / 10);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  }, 30_000);
});
