/**
 * Rules of validation for `@defer`: where it may stand, and what labels may be. They are those of graphql-js 17.
 *
 * A subscription whose `@defer` depends on a variable is valid; it is refused when the variable says so.
 */
import { type ASTVisitor, type DirectiveNode, GraphQLError, Kind, type ValidationContext, visit } from 'graphql';
import { isDefer } from './defer.ts';

export const NO_DEFER_IN_SUBSCRIPTIONS = '`@defer` is not supported on subscription operations.';

export function DeferLabelRule(context: ValidationContext): ASTVisitor {
  const known = new Map<string, DirectiveNode>();
  return {
    Directive(node) {
      if (!isDefer(node)) return;
      const label = node.arguments?.find(({ name }) => name.value === 'label')?.value;
      if (!label || label.kind === Kind.NULL) return;
      if (label.kind !== Kind.STRING) {
        context.reportError(new GraphQLError('The label of `@defer` must be a static string.', { nodes: node }));
        return;
      }
      const other = known.get(label.value);
      if (other) context.reportError(new GraphQLError('Labels of `@defer` must be unique.', { nodes: [other, node] }));
      else known.set(label.value, node);
    },
  };
}

export function DeferOnRootRule(context: ValidationContext): ASTVisitor {
  return {
    Directive(node) {
      if (!isDefer(node)) return;
      const schema = context.getSchema();
      const parent = context.getParentType();
      if (!parent || (parent !== schema.getMutationType() && parent !== schema.getSubscriptionType())) return;
      context.reportError(
        new GraphQLError(`\`@defer\` cannot be used on the root type ${parent.name}.`, { nodes: node }),
      );
    },
  };
}

export function DeferInSubscriptionRule(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition(operation) {
      if (operation.operation !== 'subscription') return;
      const Directive = (node: DirectiveNode) => {
        const condition = node.arguments?.find(({ name }) => name.value === 'if')?.value;
        const settled = !condition || (condition.kind === Kind.BOOLEAN && condition.value);
        if (isDefer(node) && settled) {
          context.reportError(new GraphQLError(NO_DEFER_IN_SUBSCRIPTIONS, { nodes: node }));
        }
      };
      for (const part of [operation, ...context.getRecursivelyReferencedFragments(operation)]) {
        visit(part, { Directive });
      }
    },
  };
}
