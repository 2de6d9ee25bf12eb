/**
 * The document of a fetch: the planner's own where it has kept it.
 */
import type { FetchNode } from '@apollo/query-planner';
import { type DocumentNode, parse } from 'graphql';

export function documentOf({ operation, operationDocumentNode }: FetchNode): DocumentNode {
  return operationDocumentNode ?? parse(operation, { noLocation: true });
}
