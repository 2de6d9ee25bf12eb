export { costOf, estimateReservation, estimateTokens, fitsBudget, settle } from './budget.ts';
export { ModelEntry, ModelsPolicy, ModelTask } from './catalogue.ts';
export type { ChatChunk, ChatMessage, ChatModel, ChatRequest, TokenUsage } from './chat-model.ts';
export { openChatModel } from './openai-chat-model.ts';
export { promptFor, readAnswer } from './prompts/index.ts';
export { createModelRouter, type ModelRouter } from './router.ts';
