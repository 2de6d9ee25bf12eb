/**
 * Refuses operations that ask for too much, before they are validated, planned or sent to any subgraph.
 *
 * Runs once per operation whatever its type or transport. Limits are read per operation, so an edit of
 * config/gateway.yaml takes effect without a restart. Messages do not say where the limit lies.
 */
import type { GatewayPolicy } from '../config.ts';
import { refusal } from '../errors.ts';
import { type CostFormula, evaluate } from './cost-formula.ts';
import type { OperationSize } from './operation-size.ts';

/** Throws OPERATION_TOO_LARGE, or FORBIDDEN for introspection where it is not open. */
export function limitOperation(size: OperationSize, { limits, developers }: GatewayPolicy): void {
  if (size.depth > limits.maxDepth) throw refusal('OPERATION_TOO_LARGE', 'The operation is nested too deeply.');
  if (size.aliases > limits.maxAliases) throw refusal('OPERATION_TOO_LARGE', 'The operation uses too many aliases.');
  if (size.rootFields > limits.maxRootFields)
    throw refusal('OPERATION_TOO_LARGE', 'The operation asks for too many fields at once.');
  if (size.fields > limits.maxFields) throw refusal('OPERATION_TOO_LARGE', 'The operation asks for too many fields.');
  if (size.introspects && !developers.introspection) throw refusal('FORBIDDEN', 'Introspection is not open here.');
}

/** By the variables as they were sent: what is no number among them is refused when they are coerced. Throws OPERATION_TOO_LARGE. */
export function limitCost(formula: CostFormula, variables: unknown, { limits }: GatewayPolicy): void {
  const given = typeof variables === 'object' && variables !== null ? (variables as Record<string, unknown>) : {};
  // Also for what is no number, as nothing times infinity is not.
  if (!(evaluate(formula, given) <= limits.maxCost)) throw refusal('OPERATION_TOO_LARGE', TOO_COSTLY);
}

const TOO_COSTLY =
  'The operation may bring too much: ask for fewer objects with `first`, `last` or `limit`, or for fewer fields, or in parts.';
