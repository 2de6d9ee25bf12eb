/**
 * Runs one fetch: collects what it is about, asks the subgraph once, and puts the answer where it belongs.
 *
 * Never rejects: what goes wrong becomes errors with the client's paths, and costs the fields of this fetch alone.
 */
import { isLyceumError, LyceumError } from '@lyceum/service-kit';
import { type Data, isData } from '../compile/data.ts';
import type { FetchStep } from '../compile/fetch-step.ts';
import type { SubgraphRequest, SubgraphResponse } from '../subgraph-client.ts';
import type { Execution } from './execution.ts';
import { type Asked, type AskedEntities, failFetch, reportErrors, reportUnasked } from './fetch-errors.ts';
import { addGaps } from './gaps.ts';
import { copy, merge } from './merge.ts';
import { writeRequest } from './requests.ts';

export async function runFetch(step: FetchStep, execution: Execution): Promise<void> {
  const objects = step.path.collect(execution.data);
  if (objects.length === 0) return;
  if (!step.represent) return await fetchRootFields(step, objects, execution);
  const asked = groupByRepresentation(step, objects, execution);
  await Promise.all(asked.map((group) => fetchEntities(step, group, execution)));
}

/** Puts the answer to a fetch of root fields into the objects it was made for. */
export function takeRootAnswer(step: FetchStep, objects: Data[], answer: SubgraphResponse, execution: Execution): void {
  const asked: Asked = { objects };
  const { data } = answer;
  const errors = reportErrors(step, asked, answer, execution);
  if (!isData(data)) {
    if (!errors) failFetch(step, asked, wrongShape('no data and no errors'), execution);
    else for (const object of objects) addGaps(execution.failed, object, step.gaps);
    return;
  }
  step.rewriteOutput?.(data);
  for (const [index, object] of objects.entries()) merge(object, index === 0 ? data : copy(data));
}

async function fetchRootFields(step: FetchStep, objects: Data[], execution: Execution): Promise<void> {
  const answer = await ask(step, { objects }, writeRequest(step, execution.variables), execution);
  if (answer) takeRootAnswer(step, objects, answer, execution);
}

async function fetchEntities(step: FetchStep, asked: AskedEntities, execution: Execution): Promise<void> {
  const members = [`"representations":[${asked.representations.join(',')}]`];
  if (asked.context) members.push(asked.context);
  const answer = await ask(step, asked, writeRequest(step, execution.variables, members), execution);
  if (answer) takeEntities(step, asked, answer, execution);
}

function takeEntities(step: FetchStep, asked: AskedEntities, answer: SubgraphResponse, execution: Execution): void {
  const errors = reportErrors(step, asked, answer, execution);
  const entities: unknown = answer.data?._entities;
  if (!Array.isArray(entities) || entities.length !== asked.representations.length) {
    if (!errors) failFetch(step, asked, wrongShape('not one entity for each representation'), execution);
    else for (const object of asked.objects) addGaps(execution.failed, object, step.gaps);
    return;
  }
  const shared = execution.compiled.shared.has(step);
  for (const [index, places] of asked.places.entries()) {
    const entity: unknown = entities[index];
    if (!isData(entity)) {
      const told = errors?.has(index) || errors?.has(null);
      if (!told && entity !== null) {
        failFetch(step, { objects: places }, wrongShape('an entity that is no object'), execution);
        continue;
      }
      for (const object of places) addGaps(told ? execution.failed : execution.unseen, object, step.gaps);
      continue;
    }
    const typename = places[0]!.__typename;
    entity.__typename ??= typename;
    step.rewriteOutput?.(entity);
    // A subgraph that knows an interface only must not take the name of the type away that another one gave.
    if (execution.compiled.isObjectType(typename)) entity.__typename = typename;
    if (shared && places.length > 1) noteRepeated(step, entity, execution);
    for (const [place, object] of places.entries()) merge(object, shared || place === 0 ? entity : copy(entity));
  }
}

function noteRepeated({ compositeKeys }: FetchStep, entity: Data, { repeated }: Execution): void {
  for (const key of compositeKeys) {
    const value = entity[key];
    if (typeof value === 'object' && value !== null) repeated.add(value);
  }
}

/** One group for each context that arguments are taken from: without such arguments, one. */
function groupByRepresentation(step: FetchStep, objects: readonly Data[], execution: Execution): AskedEntities[] {
  const groups = new Map<string, AskedEntities & { indices: Map<string, number> }>();
  const unasked: Data[] = [];
  const add = (object: Data, context: string): void => {
    const text = step.represent!(object) ?? step.represent!(object, (key) => isExcluded(object, key, execution));
    if (text === null) {
      inheritGaps(step, object, execution);
      unasked.push(object);
      return;
    }
    let group = groups.get(context);
    if (!group) {
      group = { context, objects: [], representations: [], places: [], indices: new Map() };
      groups.set(context, group);
    }
    const index = group.indices.get(text);
    if (index !== undefined) group.places[index]!.push(object);
    else {
      group.indices.set(text, group.representations.push(text) - 1);
      group.places.push([object]);
    }
    group.objects.push(object);
  };
  const { context } = step;
  if (context) step.path.walk(execution.data, (object, _path, above) => add(object, context(above)));
  else for (const object of objects) add(object, '');
  reportUnasked(step, unasked, execution);
  return [...groups.values()];
}

/** A field that is missing although nothing went wrong was excluded, with what needs it, by a condition of the operation. */
function isExcluded(object: Data, key: string, { failed, unseen }: Execution): boolean {
  return key !== '__typename' && !failed.get(object)?.has(key) && !unseen.get(object)?.has(key);
}

/** What could not be asked for, since a field it needs is missing, is missing for the same reason. */
function inheritGaps(step: FetchStep, object: Data, { failed, unseen, errors }: Execution): void {
  if (failed.has(object) || (errors.length > 0 && !unseen.has(object))) addGaps(failed, object, step.gaps);
  else if (unseen.has(object)) addGaps(unseen, object, step.gaps);
}

/** Null after a failure, which is reported. */
async function ask(
  step: FetchStep,
  asked: Asked,
  request: SubgraphRequest,
  execution: Execution,
): Promise<SubgraphResponse | null> {
  const { scope, log } = execution;
  try {
    if (scope.signal.aborted) throw new LyceumError('SUBGRAPH_UNAVAILABLE', undefined, undefined, { cause: GONE });
    return await execution.fetch(step.subgraph, step.url, request, scope);
  } catch (error) {
    if (isLyceumError(error)) {
      const { code, cause } = error;
      log[scope.signal.aborted ? 'debug' : 'warn'](
        { subgraph: step.subgraph, requestId: scope.requestId, code, err: cause },
        'subgraph did not answer',
      );
    }
    failFetch(step, asked, error, execution);
    return null;
  }
}

const GONE = new Error('nobody waits for the answer any more');

function wrongShape(reason: string): LyceumError {
  return new LyceumError('SUBGRAPH_UNAVAILABLE', undefined, undefined, {
    cause: new Error(`the answer holds ${reason}`),
  });
}
