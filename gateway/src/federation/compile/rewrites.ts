/**
 * A plan's corrections of data: a field that was asked under another name gets its own back, a type name is replaced by
 * the one a subgraph knows. Compiled to one function; a path's steps are keys and `... on Type`.
 */
import type { FetchDataRewrite } from '@apollo/query-planner';
import { type Data, isData, readKey } from './data.ts';
import type { TypeTest } from './type-conditions.ts';

/** Changes the value in place. */
export type Rewrite = (value: unknown) => void;

const TYPE_STEP = '... on ';

export function compileRewrites(rewrites: readonly FetchDataRewrite[] | undefined, isA: TypeTest): Rewrite | undefined {
  if (!rewrites?.length) return undefined;
  const compiled = rewrites.map((rewrite) => compileRewrite(rewrite, isA));
  return (value) => {
    for (const rewrite of compiled) rewrite(value);
  };
}

function compileRewrite(rewrite: FetchDataRewrite, isA: TypeTest): Rewrite {
  const key = rewrite.path.at(-1);
  if (key === undefined || key.startsWith(TYPE_STEP)) throw new Error(`A rewrite must end at a key: ${rewrite.path}`);
  const change = (data: Data): void => {
    if (rewrite.kind === 'ValueSetter') {
      data[key] = rewrite.setValueTo;
      return;
    }
    const value = readKey(data, key);
    if (value === undefined) return;
    data[rewrite.renameKeyTo] = value;
    data[key] = undefined;
  };
  return rewrite.path.slice(0, -1).reduceRight<Rewrite>((next, step) => stepInto(step, next, isA), each(change));
}

function stepInto(step: string, next: Rewrite, isA: TypeTest): Rewrite {
  if (!step.startsWith(TYPE_STEP)) return each((data) => next(readKey(data, step)));
  const condition = step.slice(TYPE_STEP.length);
  return each((data) => {
    const typename = data.__typename;
    // A value that does not name its type was asked of one type only: the condition holds.
    if (typeof typename !== 'string' || isA(typename, condition)) next(data);
  });
}

function each(visit: (data: Data) => void): Rewrite {
  const rewrite: Rewrite = (value) => {
    if (Array.isArray(value)) for (const item of value) rewrite(item);
    else if (isData(value)) visit(value);
  };
  return rewrite;
}
