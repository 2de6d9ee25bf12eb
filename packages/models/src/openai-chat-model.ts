/**
 * A model behind the `openai` client: OpenAI, Azure OpenAI, vLLM or the embedded server, told apart by base URL alone.
 */
import { LyceumError } from '@lyceum/service-kit';
import OpenAI, { APIConnectionTimeoutError, APIError } from 'openai';
import type { ChatCompletionChunk, ChatCompletionCreateParamsStreaming } from 'openai/resources/chat/completions';
import { estimateTokens } from './budget.ts';
import type { ModelEntry } from './catalogue.ts';
import type { ChatChunk, ChatModel, ChatRequest, TokenUsage } from './chat-model.ts';

export function openChatModel(entry: ModelEntry, connection: { baseUrl: string; apiKey: string | null }): ChatModel {
  const client = new OpenAI({
    baseURL: connection.baseUrl,
    // The client insists on a key; servers that need none ignore it.
    apiKey: connection.apiKey ?? 'none',
    organization: null,
    project: null,
    timeout: entry.idleTimeoutMs,
    maxRetries: entry.maxRetries,
    logLevel: 'off',
  });
  return {
    name: entry.name,
    async *stream(request, signal) {
      signal.throwIfAborted();
      const watch = watchSilence(entry.idleTimeoutMs * (entry.maxRetries + 1), signal);
      try {
        const chunks = await client.chat.completions.create(bodyOf(entry, request), { signal: watch.signal });
        watch.heard(entry.idleTimeoutMs);
        for await (const chunk of readChunks(chunks, request)) {
          watch.heard(entry.idleTimeoutMs);
          yield chunk;
        }
      } catch (error) {
        throw signal.aborted ? signal.reason : watch.isSilent() ? silent(entry) : toLyceumError(error, entry);
      } finally {
        watch.stop();
      }
    },
  };
}

function bodyOf(entry: ModelEntry, request: ChatRequest): ChatCompletionCreateParamsStreaming {
  return {
    model: entry.providerModel,
    messages: request.messages.map(({ role, content }) => ({ role, content })),
    max_completion_tokens: Math.min(request.maxOutputTokens, entry.maxOutputTokens),
    response_format: request.jsonSchema
      ? { type: 'json_schema', json_schema: { ...request.jsonSchema, strict: true } }
      : { type: 'text' },
    stream: true,
    stream_options: { include_usage: true },
  };
}

/** The usage comes in a chunk of its own after the last text; a server that leaves it out gets our estimate. */
async function* readChunks(chunks: AsyncIterable<ChatCompletionChunk>, request: ChatRequest): AsyncIterable<ChatChunk> {
  let usage: TokenUsage | null = null;
  let finishReason: string | null = null;
  let text = '';
  for await (const chunk of chunks) {
    const [choice] = chunk.choices;
    finishReason = choice?.finish_reason ?? finishReason;
    if (chunk.usage) {
      usage = { promptTokens: chunk.usage.prompt_tokens, completionTokens: chunk.usage.completion_tokens };
    }
    const delta = choice?.delta?.content ?? '';
    if (delta === '') continue;
    text += delta;
    yield { type: 'delta', text: delta };
  }
  if (finishReason === null) throw new LyceumError('MODEL_UNAVAILABLE', 'The model ended its answer in the middle.');
  usage ??= {
    promptTokens: estimateTokens(request.messages.map((message) => message.content).join('\n')),
    completionTokens: estimateTokens(text),
  };
  yield { type: 'end', usage, isComplete: finishReason === 'stop' };
}

interface SilenceWatch {
  /** Aborts with the caller's signal, or when nothing was heard for too long. */
  readonly signal: AbortSignal;
  heard(idleTimeoutMs: number): void;
  isSilent(): boolean;
  stop(): void;
}

function watchSilence(firstTimeoutMs: number, caller: AbortSignal): SilenceWatch {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), firstTimeoutMs);
  return {
    signal: AbortSignal.any([caller, silence.signal]),
    heard(idleTimeoutMs) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), idleTimeoutMs);
    },
    isSilent: () => silence.signal.aborted,
    stop() {
      clearTimeout(timer);
      silence.abort();
    },
  };
}

function silent(entry: ModelEntry): LyceumError {
  return new LyceumError('TIMED_OUT', `The model ${entry.name} was silent for too long.`);
}

/** Refusals of our request (400, 413, 422) never become right by waiting; everything else may, here or at another model. */
function toLyceumError(error: unknown, entry: ModelEntry): unknown {
  if (error instanceof LyceumError) return error;
  if (error instanceof APIConnectionTimeoutError) return silent(entry);
  const details = { model: entry.name, cause: error instanceof Error ? error.message : String(error) };
  if (error instanceof APIError && [400, 413, 422].includes(error.status ?? 0)) {
    return new LyceumError('MODEL_REJECTED', `The model ${entry.name} refused the request.`, details);
  }
  return new LyceumError('MODEL_UNAVAILABLE', `The model ${entry.name} cannot be reached.`, details);
}
