/**
 * Joins the resolver maps of features into the one that the schema is built with.
 */
import { isScalarType } from 'graphql';

type ResolverMap = Record<string, Record<string, never>>;

/** Throws when two features resolve the same field: one of them would silently never run. */
export function mergeResolvers(resolvers: object | readonly object[]): ResolverMap {
  const merged: Record<string, unknown> = {};
  for (const map of Array.isArray(resolvers) ? resolvers : [resolvers]) {
    for (const [type, fields] of Object.entries(map as object)) {
      const before = merged[type];
      if (before === undefined || isScalarType(fields)) {
        merged[type] = isScalarType(fields) ? fields : { ...fields };
        continue;
      }
      for (const [field, resolver] of Object.entries(fields as object)) {
        if (Object.hasOwn(before as object, field)) throw new Error(`${type}.${field} is resolved twice`);
        (before as Record<string, unknown>)[field] = resolver;
      }
    }
  }
  return merged as ResolverMap;
}
