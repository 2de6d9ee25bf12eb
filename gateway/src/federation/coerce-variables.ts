/**
 * Checks a request's variables against what its operation declares. Suggestions of schema elements are off.
 */
import { type GraphQLError, getVariableValues } from 'graphql';
import { refusal } from '../errors.ts';
import type { PlannedOperation } from './plan-cache.ts';

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
  if (!errors) return { ok: true, variables: coerced };
  return { ok: false, errors: errors.map((error) => refusal('BAD_USER_INPUT', error.message, { cause: error })) };
}
