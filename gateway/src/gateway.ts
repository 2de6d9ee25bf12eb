/**
 * The gateway's pipeline: what happens to an operation, in order, and why each step stands where it does.
 *
 * There is one list. Queries, mutations and subscriptions run through it, over HTTP, server-sent events and WebSocket
 * alike; transports only translate. A rule added here therefore holds at every door.
 */
import type { Live, Logger } from '@lyceum/service-kit';
import type { GatewayPolicy } from './config.ts';
import { refusal } from './errors.ts';
import { coerceVariables } from './federation/coerce-variables.ts';
import type { Variables } from './federation/execute/execution.ts';
import type { PlannedOperation } from './federation/plan/plan-operation.ts';
import type { PlanCache } from './federation/plan-cache.ts';
import type { PlanExecutor } from './federation/plan-executor.ts';
import type { Supergraph } from './federation/supergraph/build-supergraph.ts';
import { limitCost, limitOperation } from './limits/limit-operation.ts';
import { limitRate } from './limits/limit-rate.ts';
import { costOf } from './limits/operation-cost.ts';
import { measureOperation } from './limits/operation-size.ts';
import type { OperationRate } from './limits/token-leases.ts';
import { maskOutcome } from './mask-errors.ts';
import type { GatewayMetrics } from './observability/gateway-metrics.ts';
import { timeOperation } from './observability/time-operation.ts';
import type { OperationScope } from './operation-scope.ts';
import { countOperations } from './operations-under-way.ts';
import { findDocument } from './persisted-operations/find-document.ts';
import type { Manifest } from './persisted-operations/manifest.ts';
import {
  createPipeline,
  type GatewayRequest,
  given,
  type MaybePromise,
  type Operation,
  type Outcome,
  type Step,
  whenKnown,
} from './pipeline.ts';
import { type GatewayPlugin, runPlugins } from './plugins/run-plugins.ts';
import { shareOperations } from './share-operations.ts';
import { askedCursor } from './subscriptions/cursor.ts';
import type { SubscriptionEngine } from './subscriptions/engine.ts';

export interface GatewayParts {
  readonly supergraph: Live<Supergraph>;
  readonly policy: Live<GatewayPolicy>;
  /** The documents that are trusted. */
  readonly documents: Live<Manifest>;
  /** Of callers, who spend one for each operation. */
  readonly tokens: OperationRate;
  readonly plans: PlanCache;
  readonly executor: PlanExecutor;
  readonly subscriptions: SubscriptionEngine;
  readonly metrics: GatewayMetrics;
  readonly log: Logger;
  /** Third-party Envelop plugins; without any there is no such step. */
  readonly plugins?: readonly GatewayPlugin[];
}

export interface Gateway {
  /** Never throws: refusals are results without data. */
  run(request: GatewayRequest): MaybePromise<Outcome>;
  /** Resolves when no query, mutation or admission of a subscription is under way. */
  idle(): Promise<void>;
}

export function createGateway(parts: GatewayParts): Gateway {
  const { supergraph, policy, documents, tokens, plans, executor, subscriptions, metrics, log, plugins = [] } = parts;
  const underWay = countOperations();

  const pipeline: readonly Step[] = [
    {
      name: 'track',
      reason: 'Outermost, because a drain must wait for everything that has begun, errors included.',
      around: underWay.count,
    },
    {
      name: 'time',
      reason: 'Around all that follows, so that refused and failed operations are seen like any other.',
      around: timeOperation(metrics, policy),
    },
    {
      name: 'mask errors',
      reason: 'Everything below may throw or return anything; only the catalogue of errors leaves the house.',
      around: maskOutcome(log, policy),
    },
    {
      name: 'authenticate',
      reason: 'Before any work on the document: a bad credential costs us one signature check and nothing more.',
      run: (operation) =>
        whenKnown(operation.request.identify(), (identity) => {
          operation.identity = identity;
          return undefined;
        }),
    },
    {
      name: 'limit rate',
      reason: 'As soon as it is known who asks: what comes too often costs nothing more. Counts once at every door.',
      run: limitRate(tokens, policy),
    },
    {
      name: 'find document',
      reason:
        'Before parsing: a document may be named in place of its text, and one that is not trusted is not even read.',
      run(operation) {
        operation.source = findDocument(operation.request.params, documents.current, policy.current);
        return undefined;
      },
    },
    {
      name: 'parse',
      reason: 'Tokens are counted while they are read. A document that is known is not read again.',
      run(operation) {
        const { operationName = null } = operation.request.params;
        if (operationName !== null && typeof operationName !== 'string') {
          throw refusal('BAD_REQUEST', '`operationName` must be a string.');
        }
        const { maxTokens } = policy.current.limits;
        operation.parsed = plans.lookup(
          supergraph.current,
          given(operation.source, 'the text'),
          operationName || null,
          maxTokens,
        );
        return undefined;
      },
    },
    {
      name: 'admit by transport',
      reason: 'The type of the operation is known now: a link must change nothing, and events need a stream.',
      run(operation) {
        const { operation: type } = given(operation.parsed, 'the document').operation;
        if (!operation.request.allowed.has(type)) throw refusal('BAD_REQUEST', NOT_BY_THIS_TRANSPORT[type]);
        return undefined;
      },
    },
    {
      name: 'limit',
      reason: 'Before validation and planning, whose cost grows with the document, and so before any subgraph.',
      run(operation) {
        const { operation: node, fragments } = given(operation.parsed, 'the document');
        limitOperation(measureOperation(node, fragments), policy.current);
        return undefined;
      },
    },
    {
      name: 'limit cost',
      reason: 'Behind the size, which bounds the work of it, and before planning, which costs more than most requests.',
      run(operation) {
        const { schema } = supergraph.current;
        const formula = costOf(schema, given(operation.parsed, 'the document'), policy.current.limits.assumedListSize);
        limitCost(formula, operation.request.params.variables, policy.current);
        return undefined;
      },
    },
    {
      name: 'plan',
      reason: 'Validates against the graph and decides which subgraph is asked for what, once per document.',
      run: (operation) =>
        whenKnown(given(operation.parsed, 'the document').plan(), (outcome) => {
          if (!outcome.ok) return { errors: outcome.errors };
          operation.planned = outcome.planned;
          return undefined;
        }),
    },
    {
      name: 'coerce variables',
      reason: 'They differ per request and so stay out of the plan; subgraphs get only values of the declared types.',
      run(operation) {
        const coerced = coerceVariables(given(operation.planned, 'the plan'), operation.request.params.variables);
        if (!coerced.ok) return { errors: coerced.errors };
        operation.variables = coerced.variables;
        return undefined;
      },
    },
    ...runPlugins(plugins),
    {
      name: 'share',
      reason: 'After all that is checked per caller: equal queries of one viewer that are under way are run once.',
      around: shareOperations({ policy, scopeOf, onShare: () => metrics.sharedOperations.inc() }),
    },
    {
      name: 'execute',
      reason: 'Last: whatever arrives here is authenticated, bounded, valid and planned.',
      run: execute,
    },
  ];

  function scopeOf({ identity, request }: Operation): Omit<OperationScope, 'signal'> {
    const { viewer, requestId } = given(identity, 'the identity');
    const headers = pickHeaders(request, policy.current.subgraphs.propagateHeaders);
    return { viewer, requestId: requestId ?? request.requestId, ...(headers && { headers }) };
  }

  function execute(operation: Operation): MaybePromise<Outcome> {
    const planned = given(operation.planned, 'the plan');
    const variables = given(operation.variables, 'the variables');
    if (planned.operation.operation === 'subscription') {
      return admit(operation, planned, variables);
    }
    const scope = { ...scopeOf(operation), signal: operation.signal };
    return operation.inParts
      ? executor.executeIncrementally(planned, variables, scope)
      : executor.execute(planned, variables, scope);
  }

  /** Where the engine takes over: the subscription outlives its request. */
  function admit(operation: Operation, planned: PlannedOperation, variables: Variables): Outcome {
    const { source, operationName } = given(operation.parsed, 'the document');
    const cursor = askedCursor(operation.request);
    return subscriptions.admit({ source, operationName, planned, variables, scope: scopeOf(operation), cursor });
  }

  return { run: createPipeline(pipeline), idle: underWay.idle };
}

function pickHeaders(request: GatewayRequest, names: readonly string[]): OperationScope['headers'] {
  if (names.length === 0) return undefined;
  return Object.fromEntries(names.map((name) => [name, request.header(name)] as const).filter(isGiven));
}

function isGiven(entry: readonly [string, string | undefined]): entry is readonly [string, string] {
  return entry[1] !== undefined;
}

const NOT_BY_THIS_TRANSPORT = {
  query: 'Queries cannot be asked this way.',
  mutation: 'Mutations must be sent by POST.',
  subscription: 'Subscriptions need a stream: accept text/event-stream, or use a WebSocket.',
};
