/**
 * The subscription engine: whatever happens is fetched, completed by other subgraphs and written once for all who listen.
 *
 * Subscriptions are one group if they are the same operation with the same variables for the same viewer. What the graph
 * declares to be the same for every viewer is run for nobody in particular, and is one group for all of them: subgraphs see
 * no viewer, so nobody is shown what was another's, even where a declaration is wrong.
 *
 * A subscription outlives its supergraph: it is planned anew for the next one and goes on from where it stands, or ends with
 * SUPERGRAPH_CHANGED.
 */
import { hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Live, Logger, LyceumError } from '@lyceum/service-kit';
import type { GraphQLError } from 'graphql';
import type { GatewayPolicy } from '../config.ts';
import { refusal, refusalFrom } from '../errors.ts';
import { coerceVariables } from '../federation/coerce-variables.ts';
import type { PlannedOperation } from '../federation/plan/plan-operation.ts';
import type { PlanCache } from '../federation/plan-cache.ts';
import type { PlanExecutor } from '../federation/plan-executor.ts';
import type { SubgraphRequest, SubgraphResponse } from '../federation/subgraph-client.ts';
import type { Supergraph } from '../federation/supergraph/build-supergraph.ts';
import { writeResult } from '../http/write-result.ts';
import { maskResult } from '../mask-errors.ts';
import type { SubscriptionMetrics } from '../observability/subscription-metrics.ts';
import type { OperationScope } from '../operation-scope.ts';
import type { Result } from '../pipeline.ts';
import { committedAtOf, cursorOf } from './cursor.ts';
import { Group, type Topic } from './group.ts';
import { LiveMessage } from './live-message.ts';
import type { LiveOperation } from './live-operation.ts';
import { type Traits, traitsOf } from './traits.ts';
import type { SubgraphSubscriptions } from './upstream/subgraph-subscriptions.ts';

/** A subscription that has passed the pipeline. */
export interface Admission {
  readonly source: string;
  readonly operationName: string | null;
  readonly planned: PlannedOperation;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly scope: Omit<OperationScope, 'signal'>;
  /** Where to go on; null to begin now and be told where that is; undefined for a client that knows no cursors. */
  readonly cursor: string | null | undefined;
}

export interface SubscriptionEngine {
  admit(admission: Admission): LiveOperation;
  /** Goes over to the supergraph that serves now. Resolves when that is done for all that is open. */
  replan(): Promise<void>;
  close(): void;
}

export interface SubscriptionEngineOptions {
  readonly executor: PlanExecutor;
  readonly upstream: SubgraphSubscriptions;
  readonly plans: PlanCache;
  readonly supergraph: Live<Supergraph>;
  readonly policy: Live<GatewayPolicy>;
  readonly metrics: SubscriptionMetrics;
  readonly log: Logger;
}

/** Topics whose plans are at hand take no time to speak of, but there may be many. */
const PAUSE_EVERY = 100;

export function createSubscriptionEngine(options: SubscriptionEngineOptions): SubscriptionEngine {
  const { metrics } = options;
  const topics = new Map<string, OpenTopic>();
  const closing = new AbortController();

  function topicOf(admission: Admission, traits: Traits): OpenTopic {
    const scope = traits.isViewerIndependent ? { ...admission.scope, viewer: null } : admission.scope;
    const key = keyOf(admission, scope);
    const known = topics.get(key);
    if (known) return known;
    const topic = new OpenTopic(options, { ...admission, scope }, closing.signal, () => {
      if (topics.get(key) === topic) topics.delete(key);
      metrics.groups.set(topics.size);
    });
    topics.set(key, topic);
    metrics.groups.set(topics.size);
    return topic;
  }

  return {
    admit(admission) {
      const traits = traitsOf(admission.planned);
      return {
        policy: traits.policy,
        open(subscriber) {
          const topic = topicOf(admission, traits);
          const { group } = topic;
          let isOpen = true;
          const close = (reason: string) => {
            if (!isOpen) return;
            isOpen = false;
            metrics.ended(reason);
          };
          metrics.live.inc();
          const member = group.join(
            {
              next: (message) => subscriber.next(message),
              end(errors) {
                close(errors ? String(errors[0]?.extensions.code) : 'completed');
                subscriber.end(errors);
              },
            },
            admission.cursor,
          );
          // It was planned before the graph was replaced.
          void topic.replan();
          return {
            leave(reason) {
              close(reason);
              group.leave(member);
            },
          };
        },
      };
    },
    async replan() {
      for (const [at, topic] of [...topics.values()].entries()) {
        await topic.replan();
        if (at % PAUSE_EVERY === 0) await nextTurn();
      }
    },
    close: () => closing.abort(),
  };
}

/** A group and what it asks for, on the supergraph that serves. */
class OpenTopic implements Topic {
  readonly group = new Group(this);
  readonly onEmpty: () => void;
  readonly #options: SubscriptionEngineOptions;
  readonly #admission: Admission;
  readonly #scope: OperationScope;
  #planned: PlannedOperation;
  #variables: Readonly<Record<string, unknown>>;

  constructor(options: SubscriptionEngineOptions, admission: Admission, signal: AbortSignal, onEmpty: () => void) {
    this.#options = options;
    this.#admission = admission;
    this.#scope = { ...admission.scope, signal };
    this.#planned = admission.planned;
    this.#variables = admission.variables;
    this.onEmpty = onEmpty;
  }

  get beginsWithState(): boolean {
    return traitsOf(this.#planned).beginsWithState;
  }

  subscribe(...[from, sink]: Parameters<Topic['subscribe']>): () => void {
    const { upstream, metrics } = this.#options;
    const { url, request } = this.#source();
    metrics.upstream.inc();
    const leave = upstream.subscribe(url, request, this.#scope, from, sink);
    let isOpen = true;
    return () => {
      if (isOpen) metrics.upstream.dec();
      isOpen = false;
      leave();
    };
  }

  async complete(event: SubgraphResponse, isReplayed: boolean): Promise<LiveMessage> {
    const { executor, metrics, policy, log } = this.#options;
    const cursor = cursorOf(event);
    let result: Result;
    try {
      result = maskResult(await executor.enrich(this.#planned, event, this.#variables, this.#scope), log, policy);
    } catch (error) {
      result = { errors: [refusalFrom(error, log)], data: null };
    }
    const text = writeResult(cursor === undefined ? result : { ...result, extensions: { cursor } });
    metrics.completed({ isResumable: cursor !== undefined, isReplayed, committedAt: committedAtOf(event) });
    if (event.errors?.[0]?.extensions?.code === 'CURSOR_EXPIRED') metrics.gaps.inc();
    return new LiveMessage(text, cursor);
  }

  toError(error: LyceumError): GraphQLError {
    return refusalFrom(error, this.#options.log);
  }

  /** Goes on with the graph that serves now, or ends. Never throws. */
  async replan(): Promise<void> {
    const { supergraph, log } = this.#options;
    try {
      while (this.#planned.supergraph !== supergraph.current) {
        const next = supergraph.current;
        const isServed = await this.#goOver(next);
        // Another one may have come meanwhile.
        if (!isServed && next === supergraph.current) return this.group.end(refusal('SUPERGRAPH_CHANGED'));
      }
    } catch (error) {
      log.error({ err: error }, 'subscription cannot be planned for the next supergraph');
      this.group.end(refusal('SUPERGRAPH_CHANGED'));
    }
  }

  /** False if the graph does not serve this subscription, or declares it otherwise. */
  async #goOver(next: Supergraph): Promise<boolean> {
    const { plans, policy } = this.#options;
    const { source, operationName } = this.#admission;
    const outcome = await plans.lookup(next, source, operationName, policy.current.limits.maxTokens).plan();
    if (!outcome.ok) return false;
    const { planned } = outcome;
    const coerced = coerceVariables(planned, this.#variables);
    if (!coerced.ok || !isDeepStrictEqual(traitsOf(this.#planned), traitsOf(planned))) return false;
    const asked = this.#source();
    this.#planned = planned;
    this.#variables = coerced.variables;
    if (!isDeepStrictEqual(asked, this.#source())) this.group.restart();
    return true;
  }

  #source(): { url: string; request: SubgraphRequest } {
    return this.#options.executor.source(this.#planned, this.#variables);
  }
}

/** Whatever a subgraph may be told of who asks is in it, but for the id of the request. */
function keyOf({ source, operationName, variables }: Admission, scope: Admission['scope']): string {
  const { requestId: _ownToEachCaller, viewer, headers } = scope;
  const seen = viewer && [viewer.id, viewer.sessionId, [...viewer.roles].sort()];
  return hash('sha256', JSON.stringify([source, operationName, variables, seen, headers]), 'base64');
}
