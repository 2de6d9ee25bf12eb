/**
 * The data: what every field of every object is, decided by a seed and the place of the field alone.
 *
 * Nothing is stored. A value is a hash of the object's identity, the field and its arguments, so that any subgraph that
 * is asked says the same, and so does the one schema. An entity's identity is its type and number (`Book-2`), that of
 * anything else is the way to it from an entity or a root.
 */
import {
  type FieldNode,
  GraphQLError,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  getArgumentValues,
  getNamedType,
  isAbstractType,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { type Graph, giversOf } from './graph.ts';
import { canonical, hash } from './random.ts';

/** An object at run time. */
export interface Thing {
  readonly $type: string;
  readonly $id: string;
  /** The representation by which a subgraph was asked for it. */
  readonly $representation?: Readonly<Record<string, unknown>>;
  /** What the field that gave it provides. */
  readonly $provided?: SelectionSetNode;
  /** The object above it in the answer; known on the one schema alone. */
  readonly $parent?: Thing;
}

/** A fault that the world makes, as a resolver would throw it. */
export class Fault extends GraphQLError {
  constructor(where: string) {
    super(`fault at ${where}`, { extensions: { code: 'FAULT' } });
  }
}

/** A required value that no subgraph could tell. */
export const MISSING: unique symbol = Symbol('missing');

export const POOL = 4;

export interface World {
  /** Throws a Fault; may be null where the type forbids it. `extra` is what else decides the value. */
  value(thing: Thing, field: string, args: Readonly<Record<string, unknown>>, extra?: string): unknown;
  /** What a field set says of an object, as it would travel in a representation, or MISSING. */
  selected(thing: Thing, selection: SelectionSetNode): unknown;
  /** Whether no subgraph that answers the field can be reached for this object. */
  isUnreachable(thing: Thing, field: string): boolean;
  /** What a `@requires` reads, as a text; null when it cannot be read, undefined when nothing is required. */
  requirement(thing: Thing, field: string): string | null | undefined;
  /** The arguments of a field that the objects above decide. */
  contextArguments(thing: Thing, field: string): Record<string, unknown>;
}

const TEXTS = [
  'plain',
  'Quo"te',
  'back\\slash',
  'line\nbreak',
  'smile \u{1F600}',
  '\u2028 and </script>',
  '',
  'ünïcode',
];

export function createWorld(graph: Graph, seed: number, faultRate: number): World {
  const { full, family } = graph;

  function fieldOf(type: string, field: string): GraphQLField<unknown, unknown> {
    const definition = (full.getType(type) as GraphQLObjectType).getFields()[field];
    if (!definition) throw new Error(`${type}.${field} does not exist`);
    return definition;
  }

  function keyValue(thing: Thing, field: string): unknown {
    const nullable = family.nullKeys?.[`${thing.$type}.${field}`];
    if (nullable && hash('null key', thing.$id) % 3 === 0) return null;
    const named = getNamedType(fieldOf(thing.$type, field).type);
    if (isObjectType(named)) {
      if (!graph.isEntity(named.name)) return { $type: named.name, $id: `${thing.$id}.${field}` };
      return { $type: named.name, $id: `${named.name}-${numberOf(thing) % POOL}` };
    }
    if (named.name === 'Int') return numberOf(thing);
    return field === 'id' ? thing.$id : `${field}~${thing.$id}`;
  }

  function build(type: GraphQLOutputType, at: Place, h: number): unknown {
    if (isNonNullType(type)) return buildPresent(type.ofType, at, h);
    return h % 7 === 0 ? null : buildPresent(type, at, hash(h, 'present'));
  }

  function buildPresent(type: GraphQLOutputType, at: Place, h: number): unknown {
    if (isListType(type)) {
      return Array.from({ length: hash(h, 'length') % 4 }, (_, i) => {
        const item = { ...at, id: `${at.id}[${i}]` };
        if (at.faults && chance(faultRate / 4, h, 'item', i)) return new Fault(item.id);
        return build(type.ofType, item, hash(h, i));
      });
    }
    if (isEnumType(type)) return nth(graph.enumValues(at.type, at.field, type.name), h);
    if (isScalarType(type)) return scalar(type.name, h);
    const named = getNamedType(type).name;
    const concrete = isAbstractType(type) ? nth(graph.possibleTypes(at.type, at.field, named), hash(h, 'type')) : named;
    if (!graph.isEntity(concrete)) return { $type: concrete, $id: at.id };
    return { $type: concrete, $id: `${concrete}-${hash(h, 'entity') % (mayDangle(at, concrete) ? POOL + 1 : POOL)}` };
  }

  /**
   * Whether a plan may ask for the field although the client did not: what a `@requires` reads, and what an interface
   * object has (it is asked for all implementations). Where such a field may not be null, it has no faults: the subgraph
   * would lose the whole entity, and no gateway could tell what else it had to say.
   */
  function mayBeHidden(type: string, field: string): boolean {
    return graph.isRequired(type, field) || graph.resolversOf(type, field).some(({ rules }) => rules.interfaceObject);
  }

  function mayDangle(at: Place, concrete: string): boolean {
    const unknown = family.dangling?.[concrete];
    return (
      unknown !== undefined &&
      graph
        .resolversOf(at.type, at.field)
        .every(({ subgraph, field }) => !unknown.includes(subgraph) && !field.provides)
    );
  }

  const world: World = {
    value(thing, field, args, extra = '') {
      const { $type, $id } = thing;
      if (graph.isKey($type, field)) return keyValue(thing, field);
      const { type } = fieldOf($type, field);
      const place = `${$id}.${field}${canonical(args)}${extra}`;
      const faults = !(String(type).includes('!') && mayBeHidden($type, field));
      if (faults && chance(faultRate, seed, 'fault', place)) throw new Fault(place);
      if (faults && chance(faultRate / 2, seed, 'null', place)) return null;
      return build(type, { type: $type, field, id: place, faults }, hash(seed, place));
    },

    selected(thing, selection) {
      const result: Record<string, unknown> = {};
      for (const node of selection.selections) {
        if (node.kind === Kind.INLINE_FRAGMENT) {
          if (!isA(graph, thing.$type, node.typeCondition?.name.value)) continue;
          const inner = world.selected(thing, node.selectionSet);
          if (inner === MISSING) return MISSING;
          Object.assign(result, inner);
        } else if (node.kind === Kind.FIELD && node.name.value !== '__typename') {
          const value = read(thing, node);
          if (value === MISSING) return MISSING;
          result[node.name.value] = value;
        }
      }
      return result;
    },

    isUnreachable(thing, field) {
      const { $type, $id } = thing;
      const resolvers = graph.resolversOf($type, field);
      const within = (names: readonly string[]) =>
        resolvers.length > 0 && resolvers.every(({ subgraph }) => names.includes(subgraph));
      const unknown = family.dangling?.[$type];
      if (unknown && $id === `${$type}-${POOL}` && within(unknown)) return true;
      return Object.entries(family.nullKeys ?? {}).some(([key, subgraphs]) => {
        const [type, name = ''] = key.split('.');
        return type === $type && within(subgraphs) && keyValue(thing, name) === null;
      });
    },

    requirement(thing, field) {
      const requires = graph.resolversOf(thing.$type, field)[0]?.field.requires;
      if (!requires) return undefined;
      const value = world.selected(thing, requires);
      return value === MISSING ? null : canonical(value);
    },

    contextArguments(thing, field) {
      const given: Record<string, unknown> = {};
      for (const { subgraph, field: rules } of graph.resolversOf(thing.$type, field)) {
        for (const { argument, context, selection } of rules.fromContext) {
          const givers = giversOf(graph.rules.get(subgraph)?.types ?? new Map(), context);
          let giver = thing.$parent;
          while (giver && !givers.includes(giver.$type)) giver = giver.$parent;
          const read = giver ? world.selected(giver, selection) : null;
          // The field set reads one leaf.
          given[argument] = typeof read === 'object' && read !== null ? Object.values(read)[0] : null;
        }
      }
      return given;
    },
  };

  /** One field of a field set. A fault costs the value alone, as it does when a subgraph is asked for it. */
  function read(thing: Thing, node: FieldNode): unknown {
    const field = node.name.value;
    if (world.isUnreachable(thing, field)) return MISSING;
    const extra = world.requirement(thing, field);
    if (extra === null) return MISSING;
    try {
      const args = getArgumentValues(fieldOf(thing.$type, field), node);
      return complete(world.value(thing, field, args, extra), node.selectionSet);
    } catch (error) {
      if (error instanceof Fault) return null;
      throw error;
    }
  }

  function complete(value: unknown, selection: SelectionSetNode | undefined): unknown {
    if (value instanceof Fault || value === null) return null;
    if (Array.isArray(value)) {
      const items = value.map((item) => complete(item, selection));
      return items.includes(MISSING) ? MISSING : items;
    }
    return selection ? world.selected(value as Thing, selection) : value;
  }

  return world;
}

interface Place {
  readonly type: string;
  readonly field: string;
  readonly id: string;
  readonly faults: boolean;
}

export function isA(graph: Graph, concrete: string, condition: string | undefined): boolean {
  if (condition === undefined || condition === concrete) return true;
  const type = graph.full.getType(condition);
  return isAbstractType(type) && graph.full.getPossibleTypes(type).some(({ name }) => name === concrete);
}

function numberOf({ $id }: Thing): number {
  return Number(/^\w+-(\d+)/.exec($id)?.[1] ?? 0);
}

function chance(probability: number, ...parts: readonly (string | number)[]): boolean {
  return probability > 0 && hash(...parts) / 0x1_0000_0000 < probability;
}

function nth<T>(items: readonly T[], h: number): T {
  return items[h % items.length] as T;
}

function scalar(name: string, h: number): unknown {
  switch (name) {
    case 'Int':
      return (h % 2001) - 1000;
    case 'Float':
      return (h % 8001) / 8 - 500;
    case 'Boolean':
      return h % 2 === 0;
    case 'ID':
      return `id-${h % 1000}`;
    case 'JSON':
      return nth([{ n: h % 10, list: [1, null, 'x'], 'odd key': { __typename: 'not a type' } }, [], 0, 'text', {}], h);
    default:
      return `${nth(TEXTS, h)}${h % 3 === 0 ? '' : h % 100}`;
  }
}
