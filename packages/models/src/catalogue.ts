/**
 * The model catalogue: which models exist, what they cost, what they can do, and which serve a task.
 *
 * Hot policy from config/models.yaml. It names environment variables for addresses and keys; it never holds them.
 */
import { z } from 'zod';

export const ModelTask = z.enum(['QUIZ', 'SUMMARY', 'EXPLANATION']);
export type ModelTask = z.output<typeof ModelTask>;

const EnvironmentName = z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'must be the name of an environment variable');

export const ModelEntry = z.strictObject({
  /** How Lyceum calls it: in logs, metrics and `AiJob.model`. */
  name: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/),
  /** How its server calls it: sent as `model`. */
  providerModel: z.string().min(1),
  /** The variable that holds its base URL, with or without the trailing `/v1`. Unset: the entry is not used. */
  baseUrlEnv: EnvironmentName,
  /** The variable that holds its key. Left out: the server needs none. Named but unset: the entry is not used. */
  apiKeyEnv: EnvironmentName.optional(),
  /** Tokens read and written together. */
  contextTokens: z.number().int().min(1_024),
  maxOutputTokens: z.number().int().min(64).default(4_096),
  /** In US dollars. */
  pricePer1kTokens: z.strictObject({ prompt: z.number().nonnegative(), completion: z.number().nonnegative() }),
  tasks: z.array(ModelTask).min(1),
  /** The longest silence: before the first token and between two. */
  idleTimeoutMs: z.number().int().positive().default(30_000),
  /** Retries of a request that has not produced a token, by the client, with back-off. */
  maxRetries: z.number().int().min(0).max(5).default(1),
});
export type ModelEntry = z.output<typeof ModelEntry>;

export const ModelsPolicy = z
  .strictObject({
    version: z.literal(1),
    models: z.array(ModelEntry).min(1),
    /** Per task the names of models in the order of preference: the next is asked if one is unavailable. */
    routes: z.record(ModelTask, z.array(z.string()).min(1)),
    /** Tokens a learner may use per UTC day. */
    budget: z.strictObject({ tokensPerLearnerPerDay: z.number().int().positive().default(200_000) }).prefault({}),
  })
  .superRefine((policy, context) => {
    const byName = new Map(policy.models.map((entry) => [entry.name, entry]));
    if (byName.size < policy.models.length) {
      context.addIssue({ code: 'custom', path: ['models'], message: 'two models have the same name' });
    }
    for (const [task, names] of Object.entries(policy.routes)) {
      for (const name of names) {
        const entry = byName.get(name);
        const problem = !entry
          ? 'is not a model'
          : entry.tasks.includes(task as ModelTask)
            ? null
            : `cannot do ${task}`;
        if (problem) context.addIssue({ code: 'custom', path: ['routes', task], message: `"${name}" ${problem}` });
      }
    }
  });
export type ModelsPolicy = z.output<typeof ModelsPolicy>;
