/**
 * The errors of subgraphs, told as errors of the client's operation.
 *
 * A path that starts at an entity of a fetch becomes the path of every place where this entity stands. An error that does
 * not say where it happened is told of each field that its fetch leaves empty, at the first object that lacks it.
 */
import { isLyceumError, LyceumError } from '@lyceum/service-kit';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { AskedFields } from '../compile/asked-fields.ts';
import { type Data, isData } from '../compile/data.ts';
import type { FetchStep } from '../compile/fetch-step.ts';
import type { SubgraphResponse } from '../subgraph-client.ts';
import type { Execution } from './execution.ts';
import { addGaps } from './gaps.ts';

/** What a fetch was sent for. */
export interface Asked {
  readonly objects: Data[];
  readonly places?: Data[][];
}

export interface AskedEntities extends Asked {
  readonly context: string;
  readonly representations: string[];
  /** By representation: the objects that it stands for. */
  readonly places: Data[][];
}

type Path = readonly (string | number)[];

/** A fetch without an answer: its fields are missing, and one error for each says why. */
export function failFetch(step: FetchStep, asked: Asked, thrown: unknown, execution: Execution): void {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const extensions = isLyceumError(error) ? { code: error.code } : {};
  for (const object of asked.objects) execution.unanswered.add(object);
  addUnlocated(step, asked, { message: error.message, extensions }, execution, error);
}

/** Returns the representations that errors tell of, null among them for the whole fetch; undefined without errors. */
export function reportErrors(
  step: FetchStep,
  asked: Asked,
  { errors }: SubgraphResponse,
  execution: Execution,
): Set<number | null> | undefined {
  if (!Array.isArray(errors) || errors.length === 0) return undefined;
  const told = new Set<number | null>();
  let paths: Map<Data, Path[]> | undefined;
  for (const given of errors) {
    const error = readError(given);
    const { path } = error;
    const index = asked.places ? (path?.[0] === '_entities' ? path[1] : undefined) : 0;
    const objects = asked.places ? (typeof index === 'number' ? asked.places[index] : undefined) : asked.objects;
    if (!path || !objects || typeof index !== 'number') {
      addUnlocated(step, asked, error, execution);
      told.add(null);
      continue;
    }
    told.add(index);
    paths ??= pathsOf(step, asked, execution);
    const below = (asked.places ? path.slice(2) : path).map((part) =>
      typeof part === 'string' ? (step.renamed.get(part) ?? part) : part,
    );
    for (const object of objects) {
      if (below.length === 0) addGaps(execution.failed, object, step.gaps);
      for (const place of paths.get(object) ?? []) {
        if (below.length === 0) addAtFields(step, error, [object], place, execution);
        else add(step, error, [...place, ...below], execution);
      }
    }
  }
  return told;
}

/** What was not asked for, since a fetch that should have told what it needs had no answer, is missing with an error. */
export function reportUnasked(step: FetchStep, objects: readonly Data[], execution: Execution): void {
  const missing = objects.filter((object) => execution.unanswered.has(object));
  if (missing.length === 0) return;
  for (const object of missing) {
    addGaps(execution.failed, object, step.gaps);
    execution.unanswered.add(object);
  }
  const { code, message } = new LyceumError('SUBGRAPH_UNAVAILABLE');
  addAtFirst(step, { message, extensions: { code } }, missing, execution);
}

function addUnlocated(
  step: FetchStep,
  asked: Asked,
  error: GraphQLFormattedError,
  execution: Execution,
  cause?: Error,
): void {
  for (const object of asked.objects) addGaps(execution.failed, object, step.gaps);
  addAtFirst(step, error, asked.objects, execution, cause);
}

/** One error for each field that is missing, however many objects lack it: at the first that does. */
function addAtFirst(
  step: FetchStep,
  error: GraphQLFormattedError,
  objects: readonly Data[],
  execution: Execution,
  cause?: Error,
): void {
  const [first] = objects;
  if (!first) return;
  const paths = new Map<Data, Path | undefined>();
  step.path.walk(execution.data, (object, path) => {
    if (!paths.has(object)) paths.set(object, path);
  });
  addAtFields(step, error, objects, (object) => paths.get(object) ?? [], execution, cause);
}

function addAtFields(
  step: FetchStep,
  error: GraphQLFormattedError,
  objects: readonly Data[],
  place: Path | ((object: Data) => Path),
  execution: Execution,
  cause?: Error,
): void {
  const placeOf = typeof place === 'function' ? place : () => place;
  let isTold = false;
  for (const key of step.keys) {
    const object = objects.find(({ __typename }) => step.asksFor(key, __typename));
    if (!object) continue;
    const path = [...placeOf(object), key];
    if (!isAsked(path, execution)) continue;
    add(step, error, path, execution, cause);
    isTold = true;
  }
  // Nothing of it is the client's own.
  const [first] = objects;
  if (!isTold && first) add(step, error, [...placeOf(first), ...step.keys.slice(0, 1)], execution, cause);
}

function isAsked(path: Path, execution: Execution): boolean {
  return askedPart(path, execution).length === path.length;
}

/** As far as the client's operation goes. */
function askedPart(path: Path, { compiled }: Execution): Path {
  let asked: AskedFields | undefined = compiled.asked;
  for (const [depth, part] of path.entries()) {
    if (typeof part === 'number') continue;
    asked = asked.below(part);
    if (!asked) return path.slice(0, depth);
  }
  return path;
}

/**
 * The path is in the data's names. The error of a field that only the plan asks for names the object that the field is of,
 * and says so: its place may hold a value.
 */
function add(step: FetchStep, error: GraphQLFormattedError, at: Path, execution: Execution, cause?: Error): void {
  const { errors, compiled, told } = execution;
  const asked = askedPart(at, execution);
  const path = asked.map((part) => (typeof part === 'string' ? (compiled.clientNames.get(part) ?? part) : part));
  const place = JSON.stringify(path);
  if (told.has(place)) return;
  told.add(place);
  const unasked = asked.length < at.length && { unasked: true };
  const extensions = { ...error.extensions, serviceName: step.subgraph, ...unasked };
  // Of no field of the client's at all: then there is no path to tell (7.1.2).
  const known = path.length > 0 ? { path } : {};
  errors.push(new GraphQLError(error.message, { ...known, extensions, originalError: cause }));
}

/** Where each object stands in the response: known only now, since most operations never ask. */
function pathsOf(step: FetchStep, { objects }: Asked, { data }: Execution): Map<Data, Path[]> {
  const paths = new Map<Data, Path[]>(objects.map((object) => [object, []]));
  step.path.walk(data, (object, path) => paths.get(object)?.push(path));
  return paths;
}

/** A subgraph may send anything under the name of an error. */
function readError(given: unknown): GraphQLFormattedError {
  if (!isData(given)) return { message: UNTOLD };
  const { message, path, extensions } = given;
  return {
    message: typeof message === 'string' && message !== '' ? message : UNTOLD,
    ...(isPath(path) && { path }),
    ...(isData(extensions) && { extensions }),
  };
}

/** From the root of a response, which is an object. */
function isPath(path: unknown): path is (string | number)[] {
  if (!Array.isArray(path) || typeof path[0] !== 'string') return false;
  return path.every((part) => typeof part === 'string' || (Number.isSafeInteger(part) && part >= 0));
}

const UNTOLD = 'The subgraph reported an error without a message.';
