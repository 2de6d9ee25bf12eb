/**
 * Reads a document and finds the operation to run in it.
 */
import { type FragmentDefinitionNode, Kind, type OperationDefinitionNode, parse } from 'graphql';
import { refusal } from '../errors.ts';
import type { PlannableOperation } from './plan/plan-operation.ts';

/**
 * Throws a GraphQLError for a document that does not parse, that has more tokens than allowed, or that does not say which
 * operation to run.
 */
export function parseOperation(source: string, operationName: string | null, maxTokens?: number): PlannableOperation {
  const document = parse(source, { maxTokens });
  const fragments: Record<string, FragmentDefinitionNode> = Object.create(null);
  const operations: OperationDefinitionNode[] = [];
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
    if (definition.kind === Kind.OPERATION_DEFINITION) operations.push(definition);
  }
  const candidates = operationName === null ? operations : operations.filter((o) => o.name?.value === operationName);
  const [operation] = candidates;
  if (!operation) {
    throw refusal(
      'BAD_USER_INPUT',
      operationName === null ? 'The document holds no operation.' : 'The document holds no operation of that name.',
    );
  }
  if (operationName === null && candidates.length > 1) {
    throw refusal('BAD_USER_INPUT', 'The document holds several operations: say which one with `operationName`.');
  }
  return { document, operation, fragments };
}
