/**
 * Says whether a shape selects what lies at a path: to which part of an answer an error belongs.
 */
import { type Data, isData, readKey } from '../compile/data.ts';
import type { ObjectShape, ValueShape } from './shape.ts';

type Path = readonly (string | number)[];

/** `deep` looks into what the shape leaves for later as well. What lies below a null belongs to the null's field. */
export function selects(shape: ObjectShape, data: Data, path: Path, deep: boolean): boolean {
  if (path.length === 0) return true;
  const [key, ...below] = path;
  const field = shape.fields.find((one) => one.key === key);
  if (field && selectsBelow(field.value, readKey(data, field.source), below, deep)) return true;
  return deep && (shape.deferred?.some(({ shapeOf }) => selectsNow(shapeOf(data.__typename), data, path)) ?? false);
}

function selectsNow(shape: ObjectShape | null, data: Data, path: Path): boolean {
  return shape !== null && selects(shape, data, path, true);
}

function selectsBelow(shape: ValueShape, value: unknown, path: Path, deep: boolean): boolean {
  if (path.length === 0 || value === undefined || value === null) return true;
  if (shape.kind === 'list' && Array.isArray(value)) {
    const [index, ...below] = path;
    return selectsBelow(shape.item, typeof index === 'number' ? value[index] : undefined, below, deep);
  }
  if (shape.kind !== 'object' || !isData(value)) return true;
  const object = shape.shapeOf(value.__typename);
  return object === null || selects(object, value, path, deep);
}
