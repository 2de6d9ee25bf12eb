/**
 * The arithmetic of token budgets: what a job reserves before it runs, and what it really cost.
 *
 * A reservation is an upper estimate; settling replaces it by the usage that the model reported. Both are in tokens.
 */
import type { AiJobInput } from '@lyceum/contracts';
import type { ModelEntry } from './catalogue.ts';
import type { TokenUsage } from './chat-model.ts';
import { promptFor } from './prompts/index.ts';

/** English text runs at about four characters a token; three errs on the safe side and covers most other scripts. */
const CHARACTERS_PER_TOKEN = 3;

/** Never below what a usual tokenizer counts for prose. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}

/** What to reserve when a job is accepted: its whole prompt and the longest answer it may give. */
export function estimateReservation(input: AiJobInput): number {
  const { messages, maxOutputTokens } = promptFor(input);
  return messages.reduce((sum, message) => sum + estimateTokens(message.content), maxOutputTokens);
}

/** How a learner's budget row changes when a job ends: its reservation is returned, what it used is spent. */
export function settle(reservedTokens: number, usage: TokenUsage | null): { reserved: number; spent: number } {
  return { reserved: -reservedTokens, spent: usage ? usage.promptTokens + usage.completionTokens : 0 };
}

/** Whether a reservation still fits the day's allowance. */
export function fitsBudget(
  budget: { reserved: number; spent: number },
  reservation: number,
  tokensPerDay: number,
): boolean {
  return budget.reserved + budget.spent + reservation <= tokensPerDay;
}

/** In US dollars. */
export function costOf(usage: TokenUsage, price: ModelEntry['pricePer1kTokens']): number {
  return (usage.promptTokens * price.prompt + usage.completionTokens * price.completion) / 1_000;
}
