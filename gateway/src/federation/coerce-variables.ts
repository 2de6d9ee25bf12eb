/**
 * Checks a request's variables against what its operation declares, and that their texts are text. Suggestions of schema
 * elements are off.
 */
import { isStorable } from '@lyceum/service-kit';
import { type GraphQLError, getVariableValues } from 'graphql';
import { refusal } from '../errors.ts';
import type { PlannedOperation } from './plan/plan-operation.ts';
import { NO_TEXT } from './text-rule.ts';

export type CoercedVariables =
  | { ok: true; variables: Readonly<Record<string, unknown>> }
  | { ok: false; errors: readonly GraphQLError[] };

/** Throws BAD_REQUEST if `given` is no map at all. */
export function coerceVariables({ supergraph, operation }: PlannedOperation, given: unknown): CoercedVariables {
  const inputs = given ?? {};
  if (typeof inputs !== 'object' || Array.isArray(inputs)) throw refusal('BAD_REQUEST', '`variables` must be a map.');
  const { coerced, errors } = getVariableValues(
    supergraph.schema,
    operation.variableDefinitions ?? [],
    inputs as Record<string, unknown>,
    { maxErrors: 20, hideSuggestions: true },
  );
  if (!errors) {
    const bad = Object.keys(coerced).filter((name) => !holdsText(coerced[name]));
    if (bad.length === 0) return { ok: true, variables: coerced };
    return { ok: false, errors: bad.map((name) => refusal('BAD_USER_INPUT', `Variable "$${name}" ${NO_TEXT}`)) };
  }
  return { ok: false, errors: errors.map((error) => refusal('BAD_USER_INPUT', error.message, { cause: error })) };
}

function holdsText(value: unknown): boolean {
  if (typeof value === 'string') return isStorable(value);
  return typeof value !== 'object' || value === null || Object.values(value).every(holdsText);
}
