/**
 * Finds the entities that a fetch is about, and what it asks the subgraph for.
 */
import type { WriteContext } from '../compile/context-arguments.ts';
import type { Data } from '../compile/data.ts';
import type { FetchStep } from '../compile/fetch-step.ts';
import type { Representation } from '../compile/representations.ts';
import { Entities } from './entities.ts';
import type { Execution } from './execution.ts';
import { reportUnasked } from './fetch-errors.ts';
import { addGaps } from './gaps.ts';
import { Join } from './join.ts';

/** One group for each context that arguments are taken from: without such arguments, one. None if nothing is to be asked. */
export function gatherEntities(step: FetchStep, represent: Representation, execution: Execution): Entities[] {
  const unasked: Data[] = [];
  let asked: Data;
  const mayLack = (key: string) => isExcluded(asked, key, execution);
  const add = (group: Entities, object: Data, join?: Join): void => {
    asked = object;
    if (group.add(object, mayLack, join)) return;
    inheritGaps(step, object, execution);
    unasked.push(object);
  };
  const groups = step.context
    ? gatherByContext(step, step.context, represent, execution, add)
    : [gatherAll(step, represent, execution, add)];
  if (unasked.length > 0) reportUnasked(step, unasked, execution);
  return groups.filter(({ objects }) => objects.length > 0);
}

type Add = (group: Entities, object: Data, join?: Join) => void;

function gatherAll(step: FetchStep, represent: Representation, execution: Execution, add: Add): Entities {
  const { joined, data, repeated } = execution;
  const group = new Entities(represent, '');
  const known = joined.get(step.place);
  if (known) {
    for (let index = 0; index < known.length; index += 1) add(group, known[index]!);
    return group;
  }
  const join = known === undefined && mayJoin(step, execution) ? new Join(repeated) : undefined;
  const objects = step.path.collect(data, repeated, join);
  for (let index = 0; index < objects.length; index += 1) add(group, objects[index]!, join?.next(index));
  // Those who come later find what is left, unless some could not be asked for: they may be told apart by that.
  const isWhole = join && group.objects.length + join.count === objects.length;
  joined.set(step.place, isWhole ? group.objects : null);
  return group;
}

/** What is known of gaps is known of each object by itself. */
function mayJoin(step: FetchStep, { compiled, errors, failed, unseen }: Execution): boolean {
  return compiled.joined.has(step) && errors.length === 0 && failed.size === 0 && unseen.size === 0;
}

function gatherByContext(
  step: FetchStep,
  context: WriteContext,
  represent: Representation,
  execution: Execution,
  add: Add,
): Entities[] {
  const groups = new Map<string, Entities>();
  step.path.walk(execution.data, (object, _path, above) => {
    const text = context(above);
    const group = groups.get(text) ?? new Entities(represent, text);
    groups.set(text, group);
    add(group, object);
  });
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
