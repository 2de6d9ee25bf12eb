/**
 * The errors of subgraphs, told as errors of the client's operation.
 *
 * A path that starts at an entity of a fetch becomes the path of every place where this entity stands. An error that does
 * not say where it happened is told of what its fetch leaves empty: each root field, or the first of the entities.
 */
import { isLyceumError } from '@lyceum/service-kit';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
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

/** A fetch without an answer: its fields are missing, and one error says why. */
export function failFetch(step: FetchStep, asked: Asked, thrown: unknown, execution: Execution): void {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const extensions = isLyceumError(error) ? { code: error.code } : {};
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
      for (const place of paths.get(object) ?? []) add(step, error, [...place, ...below], execution);
    }
  }
  return told;
}

function addUnlocated(
  step: FetchStep,
  asked: Asked,
  error: GraphQLFormattedError,
  execution: Execution,
  cause?: Error,
): void {
  const [first] = asked.objects;
  for (const object of asked.objects) addGaps(execution.failed, object, step.gaps);
  const [place = []] = first ? (pathsOf(step, { objects: [first] }, execution).get(first) ?? []) : [];
  if (!step.represent) for (const key of step.keys) add(step, error, [...place, key], execution, cause);
  else add(step, error, step.keys.length === 1 ? [...place, ...step.keys] : place, execution, cause);
}

/** The path is in the data's names. */
function add(step: FetchStep, error: GraphQLFormattedError, at: Path, execution: Execution, cause?: Error): void {
  const { errors, compiled, told } = execution;
  const path = at.map((part) => (typeof part === 'string' ? (compiled.clientNames.get(part) ?? part) : part));
  const place = JSON.stringify(path);
  if (told.has(place)) return;
  told.add(place);
  const extensions = { ...error.extensions, serviceName: step.subgraph };
  errors.push(new GraphQLError(error.message, { path, extensions, originalError: cause }));
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
    ...(Array.isArray(path) && path.every((part) => typeof part === 'string' || typeof part === 'number') && { path }),
    ...(isData(extensions) && { extensions }),
  };
}

const UNTOLD = 'The subgraph reported an error without a message.';
