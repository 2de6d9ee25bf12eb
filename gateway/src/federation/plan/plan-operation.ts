/**
 * Validates an operation, has Apollo's planner plan it, and compiles the plan.
 *
 * What is handed to the planner is not the client's document as it came, but one that says the same without what the
 * planner is known to get wrong.
 */
import { operationFromDocument } from '@apollo/federation-internals';
import type { QueryPlan } from '@apollo/query-planner';
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  Kind,
  type OperationDefinitionNode,
  specifiedRules,
  validate,
} from 'graphql';
import { refusal } from '../../errors.ts';
import { type CompiledOperation, compileOperation } from '../compile/compile-operation.ts';
import { collectFields } from '../project/collect-fields.ts';
import type { Supergraph } from '../supergraph/build-supergraph.ts';
import { TextRule } from '../text-rule.ts';
import { checkPlan } from './check-plan.ts';
import { withConcreteFragments } from './concrete-fragments.ts';
import { conditionVariables, withConditionsDecided } from './conditions.ts';
import { giveOwnNames } from './own-names.ts';
import { giveOwnVariables } from './own-variables.ts';
import { withoutIntrospection } from './without-introspection.ts';

export interface PlannableOperation {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
}

export interface PlannedOperation extends PlannableOperation {
  readonly supergraph: Supergraph;
  /** The variables that `@skip` and `@include` read. */
  readonly conditions: readonly string[];
  /** For a request without variables. */
  readonly plan: QueryPlan;
  /** What is run for these variables: the plan and the shape of the answer, prepared. Plans what has not come up yet. */
  compiledFor(variables: Readonly<Record<string, unknown>>): CompiledOperation;
}

/** Combinations of conditions beyond this are not kept. */
const MAX_VARIANTS = 16;

export type PlanOutcome = { ok: true; planned: PlannedOperation } | { ok: false; errors: readonly GraphQLError[] };

const RULES = [...specifiedRules, TextRule];

/** Validation names no schema element that the client did not: suggestions are off. */
export function planOperation(supergraph: Supergraph, plannable: PlannableOperation): PlanOutcome {
  const { document, operation, fragments } = plannable;
  const errors = faultsOf(supergraph, document);
  if (errors.length > 0) {
    return {
      ok: false,
      errors: errors.map((error) => refusal('GRAPHQL_VALIDATION_FAILED', error.message, { cause: error })),
    };
  }
  const names = giveOwnNames(operation, fragments, supergraph.apollo.full);
  const conditions = conditionVariables(names.definitions);
  const variants = new Map<string, { plan: QueryPlan; compiled: CompiledOperation }>();

  function variantFor(variables: Readonly<Record<string, unknown>>) {
    const key = conditions.map((name) => (variables[name] === true ? '1' : '0')).join('');
    const known = variants.get(key);
    if (known) return known;
    const values = Object.fromEntries(conditions.map((name) => [name, variables[name] === true]));
    const decided = withoutIntrospection(names.definitions).map((definition) => ({
      ...definition,
      selectionSet: withConditionsDecided(definition.selectionSet, values),
    }));
    const { definitions, clientVariables } = giveOwnVariables(decided);
    const plan = buildPlan(
      supergraph,
      definitions.flatMap((definition) => inOrder(supergraph, definition, definitions)),
    );
    const compiled = compileOperation(supergraph, operation, fragments, { ...names, clientVariables }, plan);
    const variant = { plan, compiled };
    if (variants.size >= MAX_VARIANTS) variants.clear();
    variants.set(key, variant);
    return variant;
  }
  // Most operations have one: what the planner refuses is known before anything runs.
  if (conditions.length === 0) variantFor({});
  const planned: PlannedOperation = {
    ...plannable,
    supergraph,
    conditions,
    get plan() {
      return variantFor({}).plan;
    },
    compiledFor: (variables) => variantFor(variables).compiled,
  };
  return { ok: true, planned };
}

function faultsOf({ schema }: Supergraph, document: DocumentNode): readonly GraphQLError[] {
  try {
    return validate(schema, document, RULES, { maxErrors: 20, hideSuggestions: true });
  } catch (error) {
    // A condition by a variable at the root of a subscription, which is read without variables.
    if (error instanceof Error && error.name === 'GraphQLError') return [error as GraphQLError];
    throw error;
  }
}

type Definition = OperationDefinitionNode | FragmentDefinitionNode;

/** The fields of a mutation run in order, each once: the planner would let those of fragments run first. */
function inOrder({ schema }: Supergraph, definition: Definition, definitions: readonly Definition[]): Definition[] {
  const root = schema.getMutationType();
  if (definition.kind === Kind.FRAGMENT_DEFINITION) {
    return definition.typeCondition.name.value === root?.name ? [] : [definition];
  }
  if (definition.operation !== 'mutation' || !root) return [definition];
  const fragments = Object.fromEntries(fragmentsOf(definitions));
  const selected = { schema, fragments, conditions: {}, keyOf: () => '' };
  const selections = [...collectFields(selected, root, [definition.selectionSet]).values()].map((nodes) => {
    const below = nodes.flatMap(({ selectionSet }) => selectionSet?.selections ?? []);
    const selectionSet = below.length > 0 ? { kind: Kind.SELECTION_SET as const, selections: below } : undefined;
    return { ...nodes[0]!, selectionSet };
  });
  return [{ ...definition, selectionSet: { kind: Kind.SELECTION_SET, selections } }];
}

function fragmentsOf(definitions: readonly Definition[]): Map<string, FragmentDefinitionNode> {
  return new Map(
    definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [],
    ),
  );
}

/** Throws for an operation that the planner has no right plan for. */
function buildPlan(supergraph: Supergraph, definitions: readonly Definition[]): QueryPlan {
  const { planner, api } = supergraph.apollo;
  const build = (planned: readonly Definition[]) => {
    const document: DocumentNode = { kind: Kind.DOCUMENT, definitions: planned };
    const plan = planner.buildQueryPlan(operationFromDocument(api, document, { validate: false }));
    checkPlan(plan, supergraph.rules);
    return plan;
  };
  try {
    return build(definitions);
  } catch {
    // Fails for the same reason again if that reason was another.
    return build(writtenOut(supergraph, definitions));
  }
}

function writtenOut({ schema }: Supergraph, definitions: readonly Definition[]): Definition[] {
  const fragments = fragmentsOf(definitions);
  return definitions.flatMap((definition) => {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) return [];
    const root = schema.getRootType(definition.operation);
    if (!root) return [];
    return [{ ...definition, selectionSet: withConcreteFragments(schema, fragments, root, definition.selectionSet) }];
  });
}
