/**
 * `POST /v1/chat/completions`: computes the whole answer, then writes it at once or token by token at the set pace.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { sleep } from '@lyceum/service-kit';
import { answer } from './tasks.ts';
import { tokenize } from './tokens.ts';
import {
  CONTEXT_TOKENS,
  type CompletionHead,
  CompletionRequest,
  chunkBody,
  completionBody,
  type FinishReason,
  MODEL_ID,
  ProtocolError,
  type Usage,
  usageChunkBody,
} from './wire.ts';

/** Streams are paced in steps of this length; finer timers would cost more than they show. */
const STEP_MS = 20;

interface Completion {
  readonly head: CompletionHead;
  readonly tokens: readonly string[];
  readonly finishReason: FinishReason;
  readonly usage: Usage;
}

/** Throws ProtocolError before the first byte is written, never after. `signal` aborts when the client is gone. */
export async function complete(
  body: unknown,
  response: ServerResponse,
  { tokensPerSecond, signal }: { tokensPerSecond: number; signal: AbortSignal },
): Promise<Usage> {
  const request = parse(body);
  const completion = run(request);
  if (request.stream) {
    await writeStream(completion, response, tokensPerSecond, Boolean(request.stream_options?.include_usage), signal);
  } else {
    if (tokensPerSecond > 0) await sleep((1_000 * completion.tokens.length) / tokensPerSecond, signal);
    const { head, tokens, finishReason, usage } = completion;
    const json = JSON.stringify(completionBody(head, tokens.join(''), finishReason, usage));
    response.writeHead(200, { 'content-type': 'application/json' }).end(json);
  }
  return completion.usage;
}

function parse(body: unknown): CompletionRequest {
  const parsed = CompletionRequest.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ProtocolError(400, 'invalid_value', issue!.message, issue!.path.join('.') || null);
  }
  if (parsed.data.model !== MODEL_ID) {
    throw new ProtocolError(404, 'model_not_found', `The model "${parsed.data.model}" does not exist.`, 'model');
  }
  return parsed.data;
}

function run(request: CompletionRequest): Completion {
  const promptTokens = request.messages.reduce((sum, message) => sum + tokenize(message.content).length, 0);
  if (promptTokens > CONTEXT_TOKENS) {
    throw new ProtocolError(
      400,
      'context_length_exceeded',
      `The messages have ${promptTokens} tokens; the model reads at most ${CONTEXT_TOKENS}.`,
      'messages',
    );
  }
  const limit = request.max_completion_tokens ?? request.max_tokens ?? CONTEXT_TOKENS;
  const all = tokenize(answer(request.messages));
  const tokens = all.slice(0, limit);
  return {
    head: { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1_000), model: MODEL_ID },
    tokens,
    finishReason: tokens.length < all.length ? 'length' : 'stop',
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: tokens.length,
      total_tokens: promptTokens + tokens.length,
    },
  };
}

async function writeStream(
  { head, tokens, finishReason, usage }: Completion,
  response: ServerResponse,
  tokensPerSecond: number,
  includeUsage: boolean,
  signal: AbortSignal,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const write = async (body: object) => {
    if (signal.aborted) return;
    if (!response.write(`data: ${JSON.stringify(body)}\n\n`)) await once(response, 'drain', { signal }).catch(() => {});
  };
  await write(chunkBody(head, { role: 'assistant', content: '' }));
  for await (const text of paced(tokens, tokensPerSecond, signal)) await write(chunkBody(head, { content: text }));
  await write(chunkBody(head, {}, finishReason));
  if (includeUsage) await write(usageChunkBody(head, usage));
  if (!signal.aborted) response.end('data: [DONE]\n\n');
}

/** Follows the clock, not a count of timers, so that a late timer does not slow the stream. */
async function* paced(tokens: readonly string[], perSecond: number, signal: AbortSignal): AsyncIterable<string> {
  if (perSecond === 0) {
    yield* tokens;
    return;
  }
  const startedAt = performance.now();
  for (let sent = 0; sent < tokens.length && !signal.aborted; ) {
    const due = Math.min(tokens.length, Math.ceil(((performance.now() - startedAt) / 1_000) * perSecond));
    if (due > sent) yield tokens.slice(sent, due).join('');
    sent = Math.max(sent, due);
    if (sent < tokens.length) await sleep(Math.max(STEP_MS, 1_000 / perSecond), signal);
  }
}
