/**
 * Bounds how much one operation may make a subgraph build: lists of lists grow by their product, and no limit on a
 * document knows how long lists are.
 *
 * Counted where it happens, at every list that a resolver returns. An operation that goes past the bound stops there: what
 * it asks for beyond is never read or built. It fails once, with OPERATION_TOO_LARGE: the lists that still come are empty,
 * since thousands of errors would cost as much as what they refuse. The bound is far above what a page shows.
 */
import { LyceumError } from '@lyceum/service-kit';
import {
  defaultFieldResolver,
  type GraphQLOutputType,
  type GraphQLSchema,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';

/** Items of all lists together, per operation or event. */
const MAX_ITEMS = 50_000;

/** Changes the schema in place, and returns it. The context must be an object of its own for each operation. */
export function boundLists(schema: GraphQLSchema, maxItems = MAX_ITEMS): GraphQLSchema {
  const counts = new WeakMap<object, number>();

  const isFull = (context: object) => (counts.get(context) ?? 0) > maxItems;

  function count(context: object, list: unknown): unknown {
    if (!Array.isArray(list)) return list;
    if (isFull(context)) return [];
    counts.set(context, (counts.get(context) ?? 0) + list.length);
    if (isFull(context)) throw new LyceumError('OPERATION_TOO_LARGE');
    return list;
  }

  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      if (!isList(field.type)) continue;
      const resolve = field.resolve ?? defaultFieldResolver;
      field.resolve = (parent, args, context: object, info) => {
        if (isFull(context)) return [];
        const list: unknown = resolve(parent, args, context, info);
        return isPromise(list) ? list.then((items) => count(context, items)) : count(context, list);
      };
    }
  }
  return schema;
}

function isList(type: GraphQLOutputType): boolean {
  return isListType(isNonNullType(type) ? type.ofType : type);
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}
