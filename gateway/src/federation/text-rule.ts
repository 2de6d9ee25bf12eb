/**
 * A rule of validation: the texts in a document are text, as those in its variables must be.
 */
import { isStorable } from '@lyceum/service-kit';
import { type ASTVisitor, GraphQLError, type ValidationContext } from 'graphql';

export const NO_TEXT = 'holds characters that no text can hold.';

export function TextRule(context: ValidationContext): ASTVisitor {
  return {
    StringValue(node) {
      if (!isStorable(node.value)) context.reportError(new GraphQLError(`A text ${NO_TEXT}`, { nodes: node }));
    },
  };
}
