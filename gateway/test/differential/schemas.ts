/**
 * The schemas that execute over a world: one per subgraph, and the one that says what is right.
 *
 * A subgraph refuses, with an error that no comparison forgives, what a correct plan never asks: a field that is external
 * and not provided, one that has moved, one whose requirements were not sent, an entity without a key that it can use.
 */
import { buildSubgraphSchema } from '@apollo/subgraph';
import {
  buildASTSchema,
  GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  isAbstractType,
  isInterfaceType,
  isNonNullType,
  isObjectType,
  Kind,
  parse,
  printSchema,
  type SelectionSetNode,
  visit,
} from 'graphql';
import type { Graph } from './graph.ts';
import { canonical, hash } from './random.ts';
import { isA, MISSING, POOL, type Thing, type World } from './world.ts';

/** What the resolvers of one execution share. */
export interface Run {
  readonly world: World;
  /** The mutations so far, in the order in which they happened. */
  readonly journal: string[];
  /** Paths of entities that lack a field which may not be null, because no subgraph knows them. */
  readonly unknown: (readonly (string | number)[])[];
}

/** The root of every operation; what a mutation gives depends on all that happened before. */
export const ROOT: Thing = { $type: 'Query', $id: 'Query' };

type Resolve = GraphQLFieldResolver<Thing, Run, Record<string, unknown>>;

function attach(schema: GraphQLSchema, resolverOf: (type: string, field: string) => Resolve): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__') || type.name === '_Service') continue;
    if (isAbstractType(type) && type.name !== '_Entity') type.resolveType = (thing: Thing) => thing.$type;
    if (!isObjectType(type)) continue;
    for (const [name, field] of Object.entries(type.getFields())) {
      if (name === '_service' || name === '_entities') continue;
      const resolve = resolverOf(type.name, name);
      field.resolve = (source: Thing, args: Record<string, unknown>, run: Run, info) =>
        resolve(type.name === 'Mutation' ? mutate(run, name, args) : source, args, run, info);
    }
  }
  return schema;
}

function mutate({ journal }: Run, field: string, args: Record<string, unknown>): Thing {
  journal.push(`${field}${canonical(args)}`);
  return { $type: 'Mutation', $id: `Mutation#${hash(...journal)}` };
}

/** The schema that says what is right. */
export function monolith(graph: Graph): GraphQLSchema {
  return withWorld(graph.apiSchema());
}

/** The same, but for the types of fields: all of them allow null. */
export function relaxedMonolith(graph: Graph): GraphQLSchema {
  const document = visit(parse(printSchema(graph.apiSchema())), {
    FieldDefinition: (field) => ({ ...field, type: visit(field.type, { NonNullType: { leave: ({ type }) => type } }) }),
  });
  return withWorld(buildASTSchema(document));
}

function withWorld(schema: GraphQLSchema): GraphQLSchema {
  return attach(schema, (_type, field) => (source, args, { world, unknown }, info) => {
    const requirement = world.requirement(source, field);
    if (world.isUnreachable(source, field) || requirement === null) {
      if (isNonNullType(info.returnType)) unknown.push(pathOf(info.path.prev));
      return null;
    }
    const given = { ...args, ...world.contextArguments(source, field) };
    return eachThing(world.value(source, field, given, requirement), (thing) => ({ ...thing, $parent: source }));
  });
}

/** A value with every object in it changed. */
function eachThing(value: unknown, change: (thing: Thing) => Thing): unknown {
  if (Array.isArray(value)) return value.map((item) => eachThing(item, change));
  return typeof value === 'object' && value !== null && '$id' in value ? change(value as Thing) : value;
}

type Path = { readonly prev: Path | undefined; readonly key: string | number };
function pathOf(path: Path | undefined): (string | number)[] {
  return path ? [...pathOf(path.prev), path.key] : [];
}

function refuse(subgraph: string, what: string): never {
  throw new GraphQLError(`${subgraph}: ${what}`, { extensions: { code: 'WRONG_PLAN' } });
}

export function subgraphSchema(graph: Graph, subgraph: string): GraphQLSchema {
  const document = graph.documents.get(subgraph);
  const rules = graph.rules.get(subgraph);
  if (!document || !rules) throw new Error(`${subgraph} is not part of ${graph.family.name}`);
  const schema = buildSubgraphSchema({ typeDefs: document });
  attach(schema, (type, field) => {
    const own = rules.types.get(type)?.fields.get(field);
    return (source, args, { world }) => {
      if (own?.overridden) refuse(subgraph, `${type}.${field} has moved away`);
      if (own?.external && !graph.isKey(source.$type, field) && !provides(graph, source, field)) {
        refuse(subgraph, `${type}.${field} is external`);
      }
      let extra: string | undefined;
      if (own?.requires) {
        const required = pick(graph, source.$representation, own.requires);
        if (required === MISSING) refuse(subgraph, `${type}.${field} lacks what it requires`);
        extra = canonical(required);
      }
      const inner = own?.provides ?? innerProvided(source, field);
      // Copies, since subgraph schemas write into what they are given.
      return eachThing(world.value(source, field, args, extra), (thing) =>
        inner ? { ...thing, $provided: inner } : { ...thing },
      );
    };
  });
  for (const [name, { keys }] of rules.types) {
    const type = schema.getType(name);
    if (!(isObjectType(type) || isInterfaceType(type)) || keys.length === 0) continue;
    const find = finder(graph, subgraph, name);
    type.extensions = { ...type.extensions, apollo: { subgraph: { resolveReference: find } } };
  }
  return schema;
}

function provides(graph: Graph, { $provided, $type }: Thing, field: string): boolean {
  const covers = (selection: SelectionSetNode): boolean =>
    selection.selections.some((node) =>
      node.kind === Kind.FIELD
        ? node.name.value === field
        : node.kind === Kind.INLINE_FRAGMENT &&
          isA(graph, $type, node.typeCondition?.name.value) &&
          covers(node.selectionSet),
    );
  return $provided !== undefined && covers($provided);
}

function innerProvided({ $provided }: Thing, field: string): SelectionSetNode | undefined {
  for (const node of $provided?.selections ?? []) {
    if (node.kind === Kind.FIELD && node.name.value === field) return node.selectionSet;
  }
  return undefined;
}

/** Finds the entity that a representation means, by any key that the subgraph resolves. */
function finder(graph: Graph, subgraph: string, typeName: string) {
  const rules = graph.rules.get(subgraph)?.types.get(typeName);
  const keys = rules?.keys.filter(({ resolvable }) => resolvable) ?? [];
  const type = graph.full.getType(typeName);
  const concrete = isAbstractType(type) ? graph.full.getPossibleTypes(type).map(({ name }) => name) : [typeName];
  const things = concrete.flatMap(($type): Thing[] => {
    const knowsAll = graph.family.dangling?.[$type]?.includes(subgraph) === false;
    return Array.from({ length: knowsAll ? POOL + 1 : POOL }, (_, i) => ({ $type, $id: `${$type}-${i}` }));
  });
  let index: Map<string, Thing>[] | undefined;
  return ($representation: Record<string, unknown>, { world }: Run): Thing | null => {
    // Keys do not depend on the seed.
    index ??= keys.map(
      ({ selection }) => new Map(things.map((thing) => [canonical(world.selected(thing, selection)), thing])),
    );
    let usable = false;
    for (const [i, { selection }] of keys.entries()) {
      const given = pick(graph, $representation, selection);
      if (given === MISSING) continue;
      usable = true;
      // An entity without a value for its key cannot be told from others.
      if (Object.values(given ?? {}).includes(null)) continue;
      const thing = index[i]?.get(canonical(given));
      if (thing) return { ...thing, $representation };
    }
    if (!usable) refuse(subgraph, `no key for ${canonical($representation)}`);
    return null;
  };
}

/** What a field set reads of a value that came in a representation, or MISSING when a part was not sent. */
function pick(graph: Graph, value: unknown, selection: SelectionSetNode): unknown {
  if (value === null) return null;
  if (Array.isArray(value)) {
    const items = value.map((item) => pick(graph, item, selection));
    return items.includes(MISSING) ? MISSING : items;
  }
  if (typeof value !== 'object') return MISSING;
  const record = value as Record<string, unknown>;
  const result: Record<string, unknown> = {};
  for (const node of selection.selections) {
    if (node.kind === Kind.INLINE_FRAGMENT) {
      const { __typename } = record;
      if (typeof __typename === 'string' && !isA(graph, __typename, node.typeCondition?.name.value)) continue;
      const inner = pick(graph, record, node.selectionSet);
      // A plan sends the type only where the field set names it; without, the fields themselves tell.
      if (inner === MISSING && typeof __typename === 'string') return MISSING;
      if (inner === MISSING) continue;
      Object.assign(result, inner);
    } else if (node.kind === Kind.FIELD && node.name.value !== '__typename') {
      const given = record[node.name.value];
      if (given === undefined) return MISSING;
      const read = node.selectionSet ? pick(graph, given, node.selectionSet) : given;
      if (read === MISSING) return MISSING;
      result[node.name.value] = read;
    }
  }
  return result;
}
