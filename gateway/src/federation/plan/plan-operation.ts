/**
 * Validates an operation, has Apollo's planner plan it, and compiles the plan.
 *
 * What is handed to the planner is not the client's document as it came, but one that says the same without what the
 * planner is known to get wrong.
 */
import { operationFromDocument } from '@apollo/federation-internals';
import type { QueryPlan, QueryPlanner } from '@apollo/query-planner';
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
import { readConditions, withConditionsDecided } from './conditions.ts';
import { activeDefers, labelDefers, usesDefer } from './defer.ts';
import { DeferInSubscriptionRule, DeferLabelRule, DeferOnRootRule } from './defer-rules.ts';
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
  /** The variables that `@skip`, `@include` and `@defer` read. */
  readonly conditions: readonly string[];
  /** For a request without variables. */
  readonly plan: QueryPlan;
  /**
   * What is run for these variables: the plan and the shape of the answer, prepared. Plans what has not come up yet.
   * Parts are deferred only with `deferring`, and only where the operation says so.
   */
  compiledFor(variables: Readonly<Record<string, unknown>>, deferring?: boolean): CompiledOperation;
  /** Whether something may be deferred, with these variables. Absent where nothing ever is. */
  readonly defers?: (variables: Readonly<Record<string, unknown>>) => boolean;
}

interface Variant {
  readonly plan: QueryPlan;
  readonly compiled: CompiledOperation;
}

/** Combinations of conditions beyond this are not kept. */
const MAX_VARIANTS = 16;

const NONE: ReadonlySet<string> = new Set();

export type PlanOutcome = { ok: true; planned: PlannedOperation } | { ok: false; errors: readonly GraphQLError[] };

const RULES = [...specifiedRules, TextRule, DeferLabelRule, DeferOnRootRule, DeferInSubscriptionRule];

/** Validation names no schema element that the client did not: suggestions are off. */
export function planOperation(supergraph: Supergraph, plannable: PlannableOperation): PlanOutcome {
  const errors = faultsOf(supergraph, plannable.document);
  if (errors.length > 0) {
    return {
      ok: false,
      errors: errors.map((error) => refusal('GRAPHQL_VALIDATION_FAILED', error.message, { cause: error })),
    };
  }
  // Whoever asks without @defer pays nothing for it: documents stay as they are.
  const labelled = usesDefer([plannable.operation, ...Object.values(plannable.fragments)])
    ? labelDefers(plannable.operation, plannable.fragments)
    : undefined;
  const operation = labelled?.operation ?? plannable.operation;
  const fragments = labelled ? {} : plannable.fragments;
  const names = giveOwnNames(operation, fragments, supergraph.apollo.full);
  const conditions = readConditions(names.definitions);
  const variants = new Map<string, Variant>();

  function planVariant(values: Readonly<Record<string, boolean>>, deferred: ReadonlySet<string>): Variant {
    const decided = withoutIntrospection(names.definitions).map((definition) => ({
      ...definition,
      selectionSet: withConditionsDecided(definition.selectionSet, values, deferred),
    }));
    const { definitions, clientVariables } = giveOwnVariables(decided);
    const ordered = definitions.flatMap((definition) => inOrder(supergraph, definition, definitions));
    const plan = deferred.size > 0 ? buildIncrementalPlan(supergraph, ordered) : buildPlan(supergraph, ordered);
    const parts = labelled && { labels: labelled.labels, deferred };
    const compiled = compileOperation(supergraph, operation, fragments, { ...names, clientVariables }, plan, parts);
    return { plan, compiled };
  }
  /** Nobody is owed parts: what the planner cannot defer is answered as a whole. */
  function deferredVariant(values: Readonly<Record<string, boolean>>): Variant {
    try {
      return planVariant(values, activeDefers(operation, values));
    } catch {
      return planVariant(values, NONE);
    }
  }
  function variantFor(variables: Readonly<Record<string, unknown>>, deferring = false): Variant {
    const { key, values } = conditions.decide(variables);
    const name = deferring && labelled ? `${key}+` : key;
    const known = variants.get(name);
    if (known) return known;
    const variant = deferring && labelled ? deferredVariant(values) : planVariant(values, NONE);
    if (variants.size >= MAX_VARIANTS) variants.clear();
    variants.set(name, variant);
    return variant;
  }
  // Most operations have one: what the planner refuses is known before anything runs.
  if (conditions.names.length === 0) variantFor({}, labelled !== undefined);
  const planned: PlannedOperation = {
    ...plannable,
    supergraph,
    conditions: conditions.names,
    get plan() {
      return variantFor({}).plan;
    },
    compiledFor: (variables, deferring) => variantFor(variables, deferring).compiled,
    ...(labelled && {
      defers: (variables) => activeDefers(operation, conditions.decide(variables).values).size > 0,
    }),
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
  const selected = { schema, fragments, conditions: {}, deferred: new Set<string>(), keyOf: () => '' };
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
  const { planner } = supergraph.apollo;
  try {
    return planWith(planner, supergraph, definitions);
  } catch {
    // Fails for the same reason again if that reason was another.
    return planWith(planner, supergraph, writtenOut(supergraph, definitions));
  }
}

/** For operations in which something is deferred. Throws as well for what could be planned without. */
function buildIncrementalPlan(supergraph: Supergraph, definitions: readonly Definition[]): QueryPlan {
  return planWith(supergraph.apollo.incrementalPlanner(), supergraph, definitions);
}

function planWith(planner: QueryPlanner, { apollo, rules }: Supergraph, definitions: readonly Definition[]): QueryPlan {
  const document: DocumentNode = { kind: Kind.DOCUMENT, definitions };
  const plan = planner.buildQueryPlan(operationFromDocument(apollo.api, document, { validate: false }));
  checkPlan(plan, rules);
  return plan;
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
