/**
 * The port through which Lyceum speaks to models: a chat request in, pieces of text and the usage out.
 */

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface ChatRequest {
  readonly messages: readonly ChatMessage[];
  /** Null for plain text, else the JSON schema the whole answer must follow. */
  readonly jsonSchema: { readonly name: string; readonly schema: Record<string, unknown> } | null;
  readonly maxOutputTokens: number;
}

export interface TokenUsage {
  readonly promptTokens: number;
  readonly completionTokens: number;
}

export type ChatChunk =
  | { readonly type: 'delta'; readonly text: string }
  /** Always the last; `isComplete` is false if the model stopped at its output limit or a filter cut it. */
  | { readonly type: 'end'; readonly usage: TokenUsage; readonly isComplete: boolean };

export interface ChatModel {
  /** The catalogue's name of the model. */
  readonly name: string;
  /**
   * Throws LyceumError MODEL_UNAVAILABLE (down, overloaded, refuses us), MODEL_REJECTED (this request will never work)
   * or TIMED_OUT (silent for too long); throws the signal's reason if aborted. Ending the iteration early aborts the call.
   */
  stream(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatChunk>;
}
