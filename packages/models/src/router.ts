/**
 * Chooses models for a task: the catalogue's order, skipping entries whose address or key is not set, falling back to the
 * next while nothing has been written yet.
 *
 * The policy is read per call, so an edit of config/models.yaml takes effect without a restart.
 */
import { isLyceumError, type Live, LyceumError } from '@lyceum/service-kit';
import type { ModelEntry, ModelsPolicy, ModelTask } from './catalogue.ts';
import type { ChatChunk, ChatModel, ChatRequest } from './chat-model.ts';
import { openChatModel } from './openai-chat-model.ts';

export interface ModelRouter {
  /** The usable entries for a task in the order of preference; may be empty. */
  entriesFor(task: ModelTask): ModelEntry[];
  /** Iterates one model's answer. `onModel` is told which model is asked, before each try. Throws like `ChatModel.stream`. */
  stream(
    task: ModelTask,
    requestFor: (entry: ModelEntry) => ChatRequest,
    options: { signal: AbortSignal; onModel?: (entry: ModelEntry) => void },
  ): AsyncIterable<ChatChunk>;
}

export function createModelRouter(options: {
  policy: Live<ModelsPolicy>;
  /** Where the catalogue's environment names are looked up. */
  env: Record<string, string | undefined>;
  openModel?: (entry: ModelEntry, connection: { baseUrl: string; apiKey: string | null }) => ChatModel;
}): ModelRouter {
  const { env, openModel = openChatModel } = options;
  const opened = new WeakMap<ModelEntry, ChatModel>();

  const isUsable = (entry: ModelEntry) =>
    Boolean(env[entry.baseUrlEnv]) && (entry.apiKeyEnv === undefined || Boolean(env[entry.apiKeyEnv]));

  const modelOf = (entry: ModelEntry): ChatModel => {
    const known = opened.get(entry);
    if (known) return known;
    const apiKey = entry.apiKeyEnv ? (env[entry.apiKeyEnv] ?? null) : null;
    const model = openModel(entry, { baseUrl: baseUrlOf(env[entry.baseUrlEnv]!), apiKey });
    opened.set(entry, model);
    return model;
  };

  const entriesFor = (task: ModelTask): ModelEntry[] => {
    const { models, routes } = options.policy.current;
    return (routes[task] ?? []).map((name) => models.find((entry) => entry.name === name)!).filter(isUsable);
  };

  return {
    entriesFor,
    async *stream(task, requestFor, { signal, onModel }) {
      const entries = entriesFor(task);
      if (entries.length === 0) throw new LyceumError('MODEL_UNAVAILABLE', `No model is set up for ${task}.`);
      for (const [at, entry] of entries.entries()) {
        onModel?.(entry);
        let hasWritten = false;
        try {
          for await (const chunk of modelOf(entry).stream(requestFor(entry), signal)) {
            hasWritten = true;
            yield chunk;
          }
          return;
        } catch (error) {
          const mayFallBack = !hasWritten && !signal.aborted && isModelFault(error) && at < entries.length - 1;
          if (!mayFallBack) throw error;
        }
      }
    },
  };
}

function isModelFault(error: unknown): boolean {
  return isLyceumError(error) && ['MODEL_UNAVAILABLE', 'MODEL_REJECTED', 'TIMED_OUT'].includes(error.code);
}

/** A bare origin means the usual path of the protocol. */
export function baseUrlOf(configured: string): string {
  const url = new URL(configured);
  if (url.pathname === '/') url.pathname = '/v1';
  return url.href.replace(/\/$/u, '');
}
