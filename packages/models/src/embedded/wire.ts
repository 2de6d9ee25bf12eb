/**
 * The part of OpenAI's chat completions protocol that the embedded server speaks: requests in, objects out.
 */
import { z } from 'zod';

export const MODEL_ID = 'lyceum-extractive-1';
export const CONTEXT_TOKENS = 131_072;

const TextPart = z.object({ type: z.literal('text'), text: z.string() });
const Content = z
  .union([z.string(), z.array(TextPart)])
  .transform((content) => (typeof content === 'string' ? content : content.map((part) => part.text).join('')));

/** Unknown fields are ignored, as other servers of the protocol do: sampling parameters mean nothing here. */
export const CompletionRequest = z.object({
  model: z.string(),
  messages: z
    .array(
      z.object({
        role: z
          .enum(['system', 'developer', 'user', 'assistant'])
          .transform((role) => (role === 'developer' ? 'system' : role)),
        content: Content,
      }),
    )
    .min(1),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  max_completion_tokens: z.number().int().positive().nullish(),
  max_tokens: z.number().int().positive().nullish(),
  n: z.literal(1).nullish(),
});
export type CompletionRequest = z.output<typeof CompletionRequest>;

/** Becomes the protocol's error object; `code` and `param` as OpenAI names them. */
export class ProtocolError extends Error {
  readonly status: number;
  readonly code: string;
  readonly param: string | null;

  constructor(status: number, code: string, message: string, param: string | null = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.param = param;
  }
}

export function errorBody(error: ProtocolError) {
  const type = error.status >= 500 ? 'server_error' : 'invalid_request_error';
  return { error: { message: error.message, type, param: error.param, code: error.code } };
}

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

export type FinishReason = 'stop' | 'length';

export interface CompletionHead {
  readonly id: string;
  readonly created: number;
  readonly model: string;
}

export function completionBody(head: CompletionHead, content: string, finish_reason: FinishReason, usage: Usage) {
  const message = { role: 'assistant', content, refusal: null };
  return { ...head, object: 'chat.completion', choices: [{ index: 0, message, logprobs: null, finish_reason }], usage };
}

export function chunkBody(head: CompletionHead, delta: object, finish_reason: FinishReason | null = null) {
  return { ...head, object: 'chat.completion.chunk', choices: [{ index: 0, delta, logprobs: null, finish_reason }] };
}

export function usageChunkBody(head: CompletionHead, usage: Usage) {
  return { ...head, object: 'chat.completion.chunk', choices: [], usage };
}
