/**
 * Writes leaf values as JSON: what a subgraph answered, as the public schema says it must be.
 *
 * Built-in scalars and enums are looked at for the values that they usually have; whatever else comes is left to the
 * type's own `serialize`, which may convert it or refuse it.
 */
import { type GraphQLLeafType, isEnumType, isSpecifiedScalarType } from 'graphql';
import { quote } from '../quote.ts';

export interface LeafShape {
  readonly kind: 'leaf';
  /** Whether any text is a value of the type, and is written as it is. */
  readonly isText: boolean;
  /** Undefined where it takes more than a look. */
  glance(value: unknown): string | undefined;
  /** Null where the value stands for nothing. Throws for what the type does not allow. */
  write(value: unknown): string | null;
}

export function compileLeaf(type: GraphQLLeafType): LeafShape {
  return {
    kind: 'leaf',
    isText: isSpecifiedScalarType(type) && (type.name === 'String' || type.name === 'ID'),
    glance: glanceOf(type),
    write: (value) => writeValue(type.serialize(value)),
  };
}

function glanceOf(type: GraphQLLeafType): LeafShape['glance'] {
  if (isEnumType(type)) {
    const texts = new Map(type.getValues().map(({ name, value }) => [value as unknown, JSON.stringify(name)]));
    return (value) => texts.get(value);
  }
  if (!isSpecifiedScalarType(type)) return () => undefined;
  switch (type.name) {
    case 'Int':
      return (value) => (typeof value === 'number' && (value | 0) === value ? `${value}` : undefined);
    case 'Float':
      return (value) => (typeof value === 'number' && Number.isFinite(value) ? `${value}` : undefined);
    case 'Boolean':
      return (value) => (value === true ? 'true' : value === false ? 'false' : undefined);
    default:
      return (value) => (typeof value === 'string' ? quote(value) : undefined);
  }
}

function writeValue(value: unknown): string | null {
  if (typeof value === 'string') return quote(value);
  return value === undefined || value === null ? null : (JSON.stringify(value) ?? null);
}
