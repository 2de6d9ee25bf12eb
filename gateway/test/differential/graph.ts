/**
 * A family made ready: composed, its subgraphs as schemas that execute, and the one schema that says what is right.
 *
 * The single schema is the API schema that composition gives, executed by graphql-js over the same world; which subgraph
 * owns a field plays no part in it, but for the two cases that a family names: entities that a subgraph does not know,
 * and keys that are null.
 */
import { composeServices } from '@apollo/composition';
import { Supergraph as ComposedSupergraph, ROUTER_SUPPORTED_SUPERGRAPH_FEATURES } from '@apollo/federation-internals';
import {
  type DocumentNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  parse,
} from 'graphql';
import type { Family } from './families/family.ts';
import { readRules, type SubgraphRules, type TypeRules, touched } from './subgraph-rules.ts';

const DIRECTIVES =
  '@key @requires @provides @external @shareable @override @inaccessible @interfaceObject @tag @context @fromContext';
const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [${DIRECTIVES.split(' ')
  .map((name) => `"${name}"`)
  .join(', ')}])\n`;

export interface Resolver {
  readonly subgraph: string;
  readonly rules: TypeRules;
  readonly field: NonNullable<ReturnType<TypeRules['fields']['get']>>;
}

export interface Graph {
  readonly family: Family;
  readonly sdl: string;
  readonly documents: ReadonlyMap<string, DocumentNode>;
  readonly rules: ReadonlyMap<string, SubgraphRules>;
  /** All types and fields of the supergraph, also those that clients do not see. */
  readonly full: GraphQLSchema;
  /** What clients see. Made anew for each call, since resolvers are attached to it. */
  apiSchema(): GraphQLSchema;
  /** Which subgraphs answer a field of an object type by themselves. */
  resolversOf(type: string, field: string): readonly Resolver[];
  /** Object types that can stand for a type where a field gives it: what all subgraphs that answer the field know. */
  possibleTypes(type: string, field: string, named: string): readonly string[];
  enumValues(type: string, field: string, named: string): readonly string[];
  isEntity(type: string): boolean;
  isKey(type: string, field: string): boolean;
  /** Whether a `@requires` reads the field. */
  isRequired(type: string, field: string): boolean;
}

/** Throws with the reasons when the family does not compose. */
export function buildGraph(family: Family): Graph {
  const documents = new Map(Object.entries(family.subgraphs).map(([name, sdl]) => [name, parse(LINK + sdl)]));
  const composition = composeServices(
    [...documents].map(([name, typeDefs]) => ({ name, url: `http://${name}.test/graphql`, typeDefs })),
  );
  if (composition.errors) throw new Error(`${family.name}: ${composition.errors.map(String).join('\n')}`);
  const composed = ComposedSupergraph.build(composition.supergraphSdl, {
    supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES,
    validateSupergraph: true,
  });
  const full = composed.schema.toGraphQLJSSchema();
  const rules = readRules(documents);
  const keys = new Set<string>();
  const required = new Set<string>();
  const entities = new Set<string>();
  for (const { types } of rules.values()) {
    for (const [name, type] of types) {
      if (type.keys.length > 0) for (const concrete of concreteTypes(full, name)) entities.add(concrete);
      for (const key of type.keys) for (const field of touched(full, name, key.selection)) keys.add(field);
      for (const { requires, fromContext } of type.fields.values()) {
        for (const { context, selection } of fromContext) {
          for (const giver of giversOf(types, context))
            for (const field of touched(full, giver, selection)) required.add(field);
        }
        if (requires) for (const field of touched(full, name, requires)) required.add(field);
      }
    }
  }
  const resolvers = new Map<string, readonly Resolver[]>();

  function resolversOf(type: string, field: string): readonly Resolver[] {
    const known = resolvers.get(`${type}.${field}`);
    if (known) return known;
    const object = full.getType(type);
    const interfaces = isObjectType(object) ? object.getInterfaces().map(({ name }) => name) : [];
    const found: Resolver[] = [];
    for (const [subgraph, { types }] of rules) {
      for (const name of [type, ...interfaces]) {
        const typeRules = types.get(name);
        const fieldRules = typeRules?.fields.get(field);
        if (!typeRules || !fieldRules || fieldRules.overridden) continue;
        if (name !== type && !typeRules.interfaceObject) continue;
        if (fieldRules.external && !keys.has(`${type}.${field}`)) continue;
        found.push({ subgraph, rules: typeRules, field: fieldRules });
      }
    }
    resolvers.set(`${type}.${field}`, found);
    return found;
  }

  const memo = new Map<string, readonly string[]>();
  /** What the subgraphs that answer a field agree on. */
  function agreed(type: string, field: string, named: string, all: readonly string[], of: (s: string) => string[]) {
    const key = `${type}.${field}:${named}`;
    let names = memo.get(key);
    if (!names) {
      names = resolversOf(type, field).reduce(
        (left, { subgraph }) => left.filter((name) => of(subgraph).includes(name)),
        all,
      );
      if (names.length === 0) throw new Error(`${key}: the subgraphs agree on nothing`);
      memo.set(key, names);
    }
    return names;
  }

  return {
    family,
    sdl: composition.supergraphSdl,
    documents,
    rules,
    full,
    apiSchema: () => composed.apiSchema().toGraphQLJSSchema(),
    resolversOf,
    possibleTypes(type, field, named) {
      return agreed(type, field, named, concreteTypes(full, named), (subgraph) =>
        typesIn(documents.get(subgraph), rules.get(subgraph)?.types.get(named), full.getType(named), full),
      );
    },
    enumValues(type, field, named) {
      const all = full.getType(named);
      if (!isEnumType(all)) throw new Error(`${named} is no enum`);
      return agreed(
        type,
        field,
        named,
        all.getValues().map(({ name }) => name),
        (subgraph) => [...(rules.get(subgraph)?.enums.get(named) ?? [])],
      );
    },
    isEntity: (type) => entities.has(type),
    isKey: (type, field) => keys.has(`${type}.${field}`),
    isRequired: (type, field) => required.has(`${type}.${field}`),
  };
}

/** The types that give a context. */
export function giversOf(types: ReadonlyMap<string, TypeRules>, context: string): string[] {
  return [...types].filter(([, { contexts }]) => contexts.includes(context)).map(([name]) => name);
}

function concreteTypes(schema: GraphQLSchema, name: string): string[] {
  const type = schema.getType(name);
  if (isInterfaceType(type) || isUnionType(type)) return schema.getPossibleTypes(type).map((one) => one.name);
  return [name];
}

/** The object types that a subgraph can give for a type. An interface object stands for every implementation. */
function typesIn(
  document: DocumentNode | undefined,
  rules: TypeRules | undefined,
  type: GraphQLNamedType | undefined,
  full: GraphQLSchema,
): string[] {
  if (!type || isObjectType(type) || rules?.interfaceObject) return type ? concreteTypes(full, type.name) : [];
  return (document?.definitions ?? []).flatMap((definition) => {
    if (definition.kind === 'UnionTypeDefinition' && definition.name.value === type.name) {
      return definition.types?.map(({ name }) => name.value) ?? [];
    }
    if (definition.kind !== 'ObjectTypeDefinition') return [];
    return definition.interfaces?.some(({ name }) => name.value === type.name) ? [definition.name.value] : [];
  });
}
