/**
 * What AI jobs cost and how they end, as metrics.
 */
import { costOf, type ModelEntry, type TokenUsage } from '@lyceum/models';
import { DURATION_BUCKETS, type Metrics } from '@lyceum/service-kit';

export interface AiJobMetrics {
  /** Returns the function that records how a run ended. */
  startTimer(kind: string): (outcome: string) => void;
  ended(kind: string, outcome: string): void;
  used(model: string, usage: TokenUsage): void;
}

export function createAiJobMetrics(
  metrics: Metrics,
  priceOf: (model: string) => ModelEntry['pricePer1kTokens'] | null,
): AiJobMetrics {
  const seconds = metrics.histogram({
    name: 'ai_job_seconds',
    help: 'Time from claiming an AI job to the end of the run.',
    labelNames: ['kind', 'outcome'],
    buckets: [...DURATION_BUCKETS, 30, 60, 180],
  });
  const runs = metrics.counter({
    name: 'ai_job_runs_total',
    help: 'Runs of AI jobs by how they ended.',
    labelNames: ['kind', 'outcome'],
  });
  const tokens = metrics.counter({
    name: 'model_tokens_total',
    help: 'Tokens read and written by models.',
    labelNames: ['model', 'direction'],
  });
  const dollars = metrics.counter({
    name: 'model_cost_dollars_total',
    help: "What models cost by the catalogue's prices.",
    labelNames: ['model'],
  });
  const ended = (kind: string, outcome: string) => runs.inc({ kind, outcome });
  return {
    ended,
    startTimer(kind) {
      const stop = seconds.startTimer({ kind });
      return (outcome) => {
        stop({ outcome });
        ended(kind, outcome);
      };
    },
    used(model, usage) {
      tokens.inc({ model, direction: 'prompt' }, usage.promptTokens);
      tokens.inc({ model, direction: 'completion' }, usage.completionTokens);
      const price = priceOf(model);
      if (price) dollars.inc({ model }, costOf(usage, price));
    },
  };
}
