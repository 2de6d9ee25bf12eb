/**
 * Checks a request's variables against what its operation declares, and that their texts are text. Suggestions of schema
 * elements are off.
 */
import { isStorable } from '@lyceum/service-kit';
import { type GraphQLError, getVariableValues } from 'graphql';
import { refusal } from '../errors.ts';
import { compilePlainVariables, type ReadPlain } from './plain-variables.ts';
import { NO_DEFER_IN_SUBSCRIPTIONS } from './plan/defer-rules.ts';
import type { PlannedOperation } from './plan/plan-operation.ts';
import { NO_TEXT } from './text-rule.ts';

export type CoercedVariables =
  | { ok: true; variables: Readonly<Record<string, unknown>> }
  | { ok: false; errors: readonly GraphQLError[] };

const shortWays = new WeakMap<PlannedOperation, ReadPlain>();

/** Throws BAD_REQUEST if `given` is no map at all. */
export function coerceVariables(planned: PlannedOperation, given: unknown): CoercedVariables {
  const inputs = given ?? {};
  if (typeof inputs !== 'object' || Array.isArray(inputs)) throw refusal('BAD_REQUEST', '`variables` must be a map.');
  let readPlain = shortWays.get(planned);
  if (!readPlain) {
    readPlain = compilePlainVariables(planned);
    shortWays.set(planned, readPlain);
  }
  const plain = readPlain(inputs as Record<string, unknown>);
  const coerced: CoercedVariables = plain ? { ok: true, variables: plain } : coerceAny(planned, inputs);
  return planned.defers ? withoutDeferredEvents(planned, coerced) : coerced;
}

/** Whether a condition defers something of a subscription is known only now. */
function withoutDeferredEvents({ operation, defers }: PlannedOperation, coerced: CoercedVariables): CoercedVariables {
  if (operation.operation !== 'subscription' || !coerced.ok || !defers?.(coerced.variables)) return coerced;
  return { ok: false, errors: [refusal('BAD_USER_INPUT', NO_DEFER_IN_SUBSCRIPTIONS)] };
}

function coerceAny({ supergraph, operation, conditions }: PlannedOperation, inputs: object): CoercedVariables {
  const { coerced, errors } = getVariableValues(
    supergraph.schema,
    operation.variableDefinitions ?? [],
    inputs as Record<string, unknown>,
    { maxErrors: 20, hideSuggestions: true },
  );
  if (!errors) {
    const faults = Object.keys(coerced).flatMap((name) => {
      if (!holdsText(coerced[name])) return [refusal('BAD_USER_INPUT', `Variable "$${name}" ${NO_TEXT}`)];
      // A variable with a default may be of a type that allows null (5.8.5), where neither yes nor no is meant by it.
      const undecided = coerced[name] === null && conditions.includes(name);
      return undecided
        ? [refusal('BAD_USER_INPUT', `Variable "$${name}" decides what is asked: it must not be null.`)]
        : [];
    });
    return faults.length > 0 ? { ok: false, errors: faults } : { ok: true, variables: coerced };
  }
  return { ok: false, errors: errors.map((error) => refusal('BAD_USER_INPUT', error.message, { cause: error })) };
}

function holdsText(value: unknown): boolean {
  if (typeof value === 'string') return isStorable(value);
  return typeof value !== 'object' || value === null || Object.values(value).every(holdsText);
}
