/**
 * Says how two results differ: data value by value, keys in order; errors by path and kind.
 *
 * What the specification (October 2021) leaves open is normalised here, and nothing else is:
 * - Message texts are free (7.1.2): only the kind counts, a resolver's own fault or a value that its type forbids.
 * - The order of errors is free (7.1.2 says nothing of it): they are compared as sets.
 * - An error that makes a parent null may cancel its siblings, so which of several errors below one null is reported is
 *   free (6.4.4, "may be cancelled to avoid unnecessary work"): errors are compared by the null that they led to. Only
 *   for an error whose field itself is that null are path and kind exact. Any other must still be the path of a null that
 *   there would be if no type forbade nulls (`strayError`).
 * - A field is reported once (6.4.4, "only one error should be added to the errors list per field"): a path that comes
 *   twice is a difference.
 * - An error of a field that the client did not ask for, and that a plan fetched for a key or a `@requires`, is no error
 *   of a response field (7.1.2 defines paths by response keys): it may be told or not. If it is, it names the object that
 *   the field is of, and says so by `unasked`.
 *
 * One rule is of this house: a reference to an entity that its subgraph does not know is null without an error, as long
 * as no more than the reference is lost.
 */
type Path = readonly (string | number)[];
export interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly { readonly path?: Path; readonly extensions?: Record<string, unknown>; message: string }[];
}

/** As it would arrive at a client. */
export function asAnswer(result: object): Answer {
  return JSON.parse(JSON.stringify(result)) as Answer;
}

/** Null when they agree. `unknown`: paths of entities that lack what may not be null, as no subgraph knows them. */
export function difference(expected: Answer, actual: Answer, unknown: readonly Path[]): string | null {
  const data = firstDifference(expected.data, actual.data, []);
  if (data) return data;
  const quiet = new Set(unknown.map((path) => JSON.stringify(path)));
  const wanted = nullsOf(expected, quiet);
  const given = nullsOf(actual, quiet);
  if (given.fault) return given.fault;
  for (const [at, kind] of wanted.nulls) {
    if (!given.nulls.has(at)) return `no error tells of the null at ${at} (${kind})`;
    if (given.nulls.get(at) !== kind) return `the error at ${at} is of kind ${given.nulls.get(at)}, not ${kind}`;
  }
  for (const [at, kind] of given.nulls) if (!wanted.nulls.has(at)) return `an error too many at ${at} (${kind})`;
  return null;
}

/** The paths of errors that made something above them null. */
export function pathsBelowNulls({ data, errors = [] }: Answer): Path[] {
  return errors.flatMap(({ path, extensions }) => {
    // Of an object, whatever became of it.
    if (extensions?.unasked === true) return [];
    const end = path && nullOn(data, path);
    return path && typeof end === 'number' && end < path.length ? [path] : [];
  });
}

/** An error below a null, of a field that has a value. `relaxed` is the data as it is where every type allows null. */
export function strayError(paths: readonly Path[], relaxed: unknown): string | null {
  for (const path of paths) {
    const end = nullOn(relaxed, path);
    if (end !== path.length && end !== 'not asked for') return `an error at ${JSON.stringify(path)}, which has a value`;
  }
  return null;
}

function firstDifference(expected: unknown, actual: unknown, path: Path): string | null {
  if (Object.is(expected, actual)) return null;
  const at = `at ${JSON.stringify(path)}`;
  const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
  if (!isObject(expected) || !isObject(actual) || Array.isArray(expected) !== Array.isArray(actual)) {
    return `${at}: ${excerpt(actual)}, not ${excerpt(expected)}`;
  }
  const keys = Object.keys(expected);
  const given = Object.keys(actual);
  if (keys.length !== given.length || keys.some((key, i) => key !== given[i])) {
    return `keys ${at}: ${given.join(' ')}, not ${keys.join(' ')}`;
  }
  for (const key of keys) {
    const inner = firstDifference(expected[key], actual[key], [...path, Array.isArray(expected) ? Number(key) : key]);
    if (inner) return inner;
  }
  return null;
}

function excerpt(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** Where errors led to null, with the kind where the path of the error is that very place. */
function nullsOf(answer: Answer, quiet: ReadonlySet<string>): { nulls: Map<string, string>; fault: string | null } {
  const nulls = new Map<string, string>();
  const seen = new Set<string>();
  let fault: string | null = null;
  for (const error of answer.errors ?? []) {
    const { path, extensions, message } = error;
    if (!path) return { nulls, fault: `an error without a path: ${message}` };
    if (extensions?.code === 'WRONG_PLAN') fault ??= `a wrong plan: ${message}`;
    const end = nullOn(answer.data, path);
    if (end === 'not asked for') continue;
    // Told of the object that the field is of.
    const unasked = extensions?.unasked === true;
    if (unasked && end === 'no null') continue;
    if (end === 'no null') {
      fault ??= `an error at ${JSON.stringify(path)}, which is not null: ${message}`;
      continue;
    }
    if (seen.has(JSON.stringify(path))) fault ??= `two errors at ${JSON.stringify(path)}: ${message}`;
    seen.add(JSON.stringify(path));
    const at = JSON.stringify(path.slice(0, end));
    if (quiet.has(at)) continue;
    const kind = end < path.length || unasked ? 'below' : extensions?.code === 'FAULT' ? 'fault' : 'forbidden value';
    nulls.set(at, kind);
  }
  return { nulls, fault };
}

/** How much of the path leads to its null. */
function nullOn(data: unknown, path: Path): number | 'no null' | 'not asked for' {
  let value = data;
  for (const [depth, key] of path.entries()) {
    if (value === null || value === undefined) return depth;
    if (typeof value !== 'object' || !Object.hasOwn(value, key)) return 'not asked for';
    value = (value as Record<string | number, unknown>)[key];
  }
  return value === null ? path.length : 'no null';
}
