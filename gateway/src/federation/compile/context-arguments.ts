/**
 * Arguments that a subgraph takes from what lies above an entity (`@fromContext`): the plan says how far up and which
 * field, and under which variable of the fetch the value is handed over.
 */
import type { FetchDataKeyRenamer } from '@apollo/query-planner';
import { type Data, isData, readKey } from './data.ts';
import type { TypeTest } from './type-conditions.ts';

/** The members of a JSON object of variables, as text: equal text, equal context. */
export type WriteContext = (above: readonly Data[]) => string;

export function compileContext(
  renamers: readonly FetchDataKeyRenamer[] | undefined,
  isA: TypeTest,
): WriteContext | undefined {
  if (!renamers?.length) return undefined;
  const byVariable = Map.groupBy(renamers, ({ renameKeyTo }) => renameKeyTo);
  return (above) =>
    [...byVariable]
      .map(([variable, ways]) => {
        const value = ways.map(({ path }) => read(above, path, isA)).find((found) => found !== undefined);
        return `${JSON.stringify(variable)}:${JSON.stringify(value ?? null)}`;
      })
      .join(',');
}

function read(above: readonly Data[], path: readonly string[], isA: TypeTest): unknown {
  const levels = path.lastIndexOf('..') + 1;
  let value: unknown = above[above.length - levels];
  for (const step of path.slice(levels)) {
    if (!isData(value)) return value;
    if (!step.startsWith('... on ')) value = readKey(value, step);
    else if (typeof value.__typename === 'string' && !isA(value.__typename, step.slice('... on '.length)))
      return undefined;
  }
  return value;
}
