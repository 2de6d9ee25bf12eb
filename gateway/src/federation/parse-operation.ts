/**
 * Reads a document and finds the operation to run in it.
 */
import { type DocumentNode, type FragmentDefinitionNode, Kind, type OperationDefinitionNode, parse } from 'graphql';
import { refusal } from '../errors.ts';
import type { PlannableOperation } from './plan/plan-operation.ts';

export interface ParsedDocument {
  readonly document: DocumentNode;
  readonly operations: readonly OperationDefinitionNode[];
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
}

/** Throws a GraphQLError for a document that does not parse or that has more tokens than allowed. */
export function parseDocument(source: string, maxTokens?: number): ParsedDocument {
  const document = parse(source, { maxTokens });
  const fragments: Record<string, FragmentDefinitionNode> = Object.create(null);
  const operations: OperationDefinitionNode[] = [];
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
    if (definition.kind === Kind.OPERATION_DEFINITION) operations.push(definition);
  }
  return { document, operations, fragments };
}

/** Throws a GraphQLError if it is not clear which operation to run. */
export function selectOperation(parsed: ParsedDocument, operationName: string | null): PlannableOperation {
  const { document, operations, fragments } = parsed;
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

/** Throws as `parseDocument` and `selectOperation` do. */
export function parseOperation(source: string, operationName: string | null, maxTokens?: number): PlannableOperation {
  return selectOperation(parseDocument(source, maxTokens), operationName);
}
