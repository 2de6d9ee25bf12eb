/**
 * The supergraph as the planner is shown it: one that says the same as the composed one, without what the planner is
 * known to get wrong.
 */
import { parse, print } from 'graphql';
import { type PlanRules, readPlanRules } from './check-plan.ts';
import { setFieldsApart } from './fields-apart.ts';
import { nameRequiredFields, type RequiredField } from './required-fields.ts';

export interface PlannerSupergraph {
  readonly sdl: string;
  /** Fields that plans name otherwise than the graph does, by the plan's name. */
  readonly required: ReadonlyMap<string, RequiredField>;
  /** Subgraphs that only plans know → the subgraph that answers for them. */
  readonly owners: ReadonlyMap<string, string>;
  /** What every plan must keep. */
  readonly rules: PlanRules;
}

/** The same text where there is nothing to change. */
export function preparePlannerSupergraph(sdl: string): PlannerSupergraph {
  const original = parse(sdl, { noLocation: true });
  const { document: named, required } = nameRequiredFields(original);
  const { document, owners } = setFieldsApart(named, required);
  return { sdl: document === original ? sdl : print(document), required, owners, rules: readPlanRules(document) };
}
