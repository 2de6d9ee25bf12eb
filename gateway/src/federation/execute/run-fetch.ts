/**
 * Runs one fetch: collects what it is about, asks the subgraph once, and puts the answer where it belongs.
 *
 * Never rejects: what goes wrong becomes errors with the client's paths, and costs the fields of this fetch alone.
 */
import { joinPositions } from '@lyceum/contracts';
import { isLyceumError, LyceumError } from '@lyceum/service-kit';
import { type Data, isData } from '../compile/data.ts';
import type { FetchStep } from '../compile/fetch-step.ts';
import type { SubgraphRequest, SubgraphResponse } from '../subgraph-client.ts';
import type { Entities } from './entities.ts';
import type { Execution } from './execution.ts';
import { type Asked, type AskedEntities, failFetch, reportErrors } from './fetch-errors.ts';
import { addGaps } from './gaps.ts';
import { gatherEntities } from './gather-entities.ts';
import { copy, merge } from './merge.ts';
import { writeRequest } from './requests.ts';

/** Undefined if there is nothing to ask. */
export function runFetch(step: FetchStep, execution: Execution): Promise<void> | undefined {
  if (!step.represent) {
    const objects = step.path.collect(execution.data, execution.repeated);
    return objects.length > 0 ? fetchRootFields(step, objects, execution) : undefined;
  }
  const [first, ...others] = gatherEntities(step, step.represent, execution);
  if (others.length === 0) return first && fetchEntities(step, first, execution);
  return together([first!, ...others].map((group) => fetchEntities(step, group, execution)));
}

async function together(running: Promise<void>[]): Promise<void> {
  await Promise.all(running);
}

/** Puts the answer to a fetch of root fields into the objects it was made for. */
export function takeRootAnswer(step: FetchStep, asked: Asked, answer: SubgraphResponse, execution: Execution): void {
  const { objects } = asked;
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

function fetchRootFields(step: FetchStep, objects: Data[], execution: Execution): Promise<void> {
  return ask(step, { objects }, writeRequest(step, execution.variables), execution, takeRootAnswer);
}

function fetchEntities(step: FetchStep, asked: Entities, execution: Execution): Promise<void> {
  const members = [`"representations":[${asked.representations.join(',')}]`];
  if (asked.context) members.push(asked.context);
  return ask(step, asked, writeRequest(step, execution.variables, members), execution, takeEntities);
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
  for (let index = 0; index < entities.length; index += 1) {
    const places = asked.places[index]!;
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
    if (entity.__typename !== typename && execution.compiled.isObjectType(typename)) entity.__typename = typename;
    putInPlaces(entity, places, shared ? execution.repeated : null);
  }
}

/** `repeated` takes note of what places have in common; null if they may have nothing. */
function putInPlaces(entity: Data, places: readonly Data[], repeated: Set<unknown> | null): void {
  if (repeated && places.length > 1) {
    for (const object of places) merge(object, entity, repeated);
  } else {
    merge(places[0]!, entity);
    for (let place = 1; place < places.length; place += 1) merge(places[place]!, copy(entity));
  }
}

/** Hands the answer over to `take`. */
async function ask<A extends Asked>(
  step: FetchStep,
  asked: A,
  request: SubgraphRequest,
  execution: Execution,
  take: (step: FetchStep, asked: A, answer: SubgraphResponse, execution: Execution) => void,
): Promise<void> {
  const { log, commits } = execution;
  const { positions } = commits;
  const scope = positions === undefined ? execution.scope : { ...execution.scope, positions };
  let answer: SubgraphResponse;
  try {
    if (scope.signal.aborted) throw new LyceumError('SUBGRAPH_UNAVAILABLE', undefined, undefined, { cause: GONE });
    answer = await execution.fetch(step.subgraph, step.url, request, scope);
  } catch (error) {
    if (isLyceumError(error)) {
      const { code, cause } = error;
      log[scope.signal.aborted ? 'debug' : 'warn'](
        { subgraph: step.subgraph, requestId: scope.requestId, code, err: cause },
        'subgraph did not answer',
      );
    }
    failFetch(step, asked, error, execution);
    return;
  }
  if (answer.positions !== undefined) commits.positions = joinPositions(commits.positions, answer.positions);
  take(step, asked, answer, execution);
}

const GONE = new Error('nobody waits for the answer any more');

function wrongShape(reason: string): LyceumError {
  return new LyceumError('SUBGRAPH_UNAVAILABLE', undefined, undefined, {
    cause: new Error(`the answer holds ${reason}`),
  });
}
