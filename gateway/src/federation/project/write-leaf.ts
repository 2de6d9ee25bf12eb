/**
 * Writes leaf values as JSON: what a subgraph answered, as the public schema says it must be.
 *
 * The built-in scalars and enums are checked here for the values that they usually have; whatever else comes is left to
 * the type's own `serialize`, which may convert it or refuse it.
 */
import { type GraphQLLeafType, isEnumType, isSpecifiedScalarType } from 'graphql';

/** Null where the value stands for nothing. Throws for what the type does not allow. */
export type WriteLeaf = (value: unknown) => string | null;

export function compileLeaf(type: GraphQLLeafType): WriteLeaf {
  const generic: WriteLeaf = (value) => writeValue(type.serialize(value));
  if (isEnumType(type)) return enumWriter(type.getValues(), generic);
  if (!isSpecifiedScalarType(type)) return generic;
  switch (type.name) {
    case 'String':
    case 'ID':
      return (value) => (typeof value === 'string' ? quote(value) : generic(value));
    case 'Int':
      return (value) => (typeof value === 'number' && (value | 0) === value ? `${value}` : generic(value));
    case 'Float':
      return (value) => (typeof value === 'number' && Number.isFinite(value) ? `${value}` : generic(value));
    case 'Boolean':
      return (value) => (value === true ? 'true' : value === false ? 'false' : generic(value));
    default:
      return generic;
  }
}

function enumWriter(
  values: readonly { readonly name: string; readonly value: unknown }[],
  generic: WriteLeaf,
): WriteLeaf {
  const texts = new Map(values.map(({ name, value }) => [value, JSON.stringify(name)]));
  return (value) => texts.get(value) ?? generic(value);
}

function writeValue(value: unknown): string | null {
  if (typeof value === 'string') return quote(value);
  return value === undefined || value === null ? null : (JSON.stringify(value) ?? null);
}

/** Up to here it is faster to look at each character than to call a search for those that must be escaped. */
const SHORT = 40;
/** Anything but what may stand in JSON as it is: controls, quotes, backslashes, and halves of pairs that may lack the other. */
const ESCAPED = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;

/** As `JSON.stringify` does, faster where nothing needs escaping. */
export function quote(text: string): string {
  const { length } = text;
  if (length > SHORT) return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`;
  for (let index = 0; index < length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code === 0x22 || code === 0x5c || (code >= 0xd800 && code <= 0xdfff))
      return JSON.stringify(text);
  }
  return `"${text}"`;
}
