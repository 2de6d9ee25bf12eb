/**
 * Prepares one fetch of a plan: everything about it that no request changes.
 */
import type { FetchNode } from '@apollo/query-planner';
import { type OperationTypeNode, parse, print, stripIgnoredCharacters, visit } from 'graphql';
import type { PlanRules } from '../plan/check-plan.ts';
import type { RequiredField } from '../plan/required-fields.ts';
import { keysOfFetch } from '../plan/split-fetch.ts';
import { compileContext, type WriteContext } from './context-arguments.ts';
import { fieldsOf, objectPathsOf } from './fetched-fields.ts';
import { compilePath, type ObjectPath } from './paths.ts';
import { compileRepresentation, type Representation } from './representations.ts';
import { compileRewrites, type Rewrite } from './rewrites.ts';
import type { TypeTest } from './type-conditions.ts';

export interface FetchStep {
  readonly kind: 'fetch';
  /** Under which deferred blocks wait for it. */
  readonly id?: string;
  readonly subgraph: string;
  readonly url: string;
  readonly query: string;
  readonly operationName: string | undefined;
  /** Whether it may be sent twice: what follows a mutation is a query. */
  readonly operationKind: `${OperationTypeNode}`;
  /** The body of the request as JSON text, up to and with the brace that opens the variables. */
  readonly bodyStart: string;
  /** The operation's variables that this fetch uses, and each one's label in JSON. */
  readonly variables: readonly { readonly name: string; readonly label: string }[];
  /** To the objects that the answer is merged into. */
  readonly path: ObjectPath;
  /** The path as the plan writes it. */
  readonly pattern: readonly string[];
  /** The pattern in one text. */
  readonly place: string;
  /** Absent for a fetch of root fields. */
  readonly represent?: Representation;
  readonly rewriteOutput?: Rewrite;
  /** Names that the plan asks under → names that the rewrites give back, as errors must name fields too. */
  readonly renamed: ReadonlyMap<string, string>;
  readonly context?: WriteContext;
  /** What the fetch adds to each object, `__typename` left out. */
  readonly keys: readonly string[];
  /** Whether the fetch asks for a key of objects of this type. */
  asksFor(key: string, typename: unknown): boolean;
  /** What stays unknown of each object without an answer: `keys`, and the type where it is asked for. */
  readonly gaps: readonly string[];
  /** Those of `keys` that lead to objects. */
  readonly compositeKeys: readonly string[];
  /** The ways to all objects that the answer may hold, from those it is merged into; null if that is not known. */
  readonly objectPaths: ReadonlySet<string> | null;
}

/** What a plan must be read with. */
export interface PlannedGraph {
  readonly subgraphUrls: ReadonlyMap<string, string>;
  readonly isA: TypeTest;
  readonly required: ReadonlyMap<string, RequiredField>;
  readonly owners: ReadonlyMap<string, string>;
  readonly rules: PlanRules;
  /** The plan's names of variables → the client's, where they differ. */
  readonly clientVariables?: ReadonlyMap<string, string>;
}

/** `needs` names fields without which an entity is not asked for, even if nothing failed. */
export function compileFetch(
  node: FetchNode,
  pattern: readonly (string | number)[],
  { subgraphUrls, isA, required, owners, rules, clientVariables }: PlannedGraph,
  needs?: ReadonlySet<string>,
): FetchStep {
  const subgraph = owners.get(node.serviceName) ?? node.serviceName;
  const url = subgraphUrls.get(subgraph);
  if (url === undefined) throw new Error(`The plan names an unknown subgraph: ${node.serviceName}`);
  const demands = { needs: needs ?? NOTHING, keys: keysOfFetch(node, rules) };
  const represent = node.requires && compileRepresentation(node.requires, node.inputRewrites, isA, required, demands);
  const context = compileContext(node.contextRewrites, isA);
  const fromContext = new Set(node.contextRewrites?.map(({ renameKeyTo }) => renameKeyTo));
  const { operationName } = node;
  const query = withRequiredFields(node.operation, required);
  const request = JSON.stringify({ query, operationName });
  const fields = fieldsOf(node);
  return {
    kind: 'fetch',
    id: node.id,
    subgraph,
    url,
    query,
    operationName,
    operationKind: node.operationKind,
    bodyStart: `${request.slice(0, -1)},"variables":{`,
    variables: (node.variableUsages ?? [])
      .filter((name) => name !== 'representations' && !fromContext.has(name))
      .map((name) => ({ name: clientVariables?.get(name) ?? name, label: `${JSON.stringify(name)}:` })),
    path: compilePath(pattern, isA),
    pattern: pattern.map(String),
    place: pattern.join('.'),
    represent,
    rewriteOutput: compileRewrites(node.outputRewrites, isA),
    renamed: new Map(
      (node.outputRewrites ?? []).flatMap((rewrite) =>
        rewrite.kind === 'KeyRenamer' ? [[rewrite.path.at(-1) ?? '', rewrite.renameKeyTo]] : [],
      ),
    ),
    context,
    keys: fields.map(({ key }) => key).filter((key) => key !== '__typename'),
    asksFor(key, typename) {
      const types = fields.find((field) => field.key === key)?.types;
      return types === undefined || typeof typename !== 'string' || types.some((type) => isA(typename, type));
    },
    gaps: fields.map(({ key }) => key),
    compositeKeys: fields.filter(({ composite }) => composite).map(({ key }) => key),
    objectPaths: objectPathsOf(node),
  };
}

const NOTHING: ReadonlySet<string> = new Set();

/** The subgraph's own names, the plan's as aliases. */
function withRequiredFields(query: string, required: ReadonlyMap<string, RequiredField>): string {
  if (![...required.keys()].some((name) => query.includes(name))) return query;
  const document = visit(parse(query, { noLocation: true }), {
    Field(node) {
      const field = required.get(node.name.value);
      if (!field) return undefined;
      const name = { ...node.name, value: field.name };
      return { ...node, alias: node.alias ?? node.name, name, arguments: field.arguments };
    },
  });
  return stripIgnoredCharacters(print(document));
}
