/**
 * From a job's input to a chat request, and from the model's whole answer to the job's output.
 */
import type { AiJobInput, AiJobOutput } from '@lyceum/contracts';
import type { ChatRequest } from '../chat-model.ts';
import { explanationPrompt, readExplanation } from './explanation.prompt.ts';
import { quizPrompt, readQuiz } from './quiz.prompt.ts';
import { readSummary, summaryPrompt } from './summary.prompt.ts';

/** `maxTextCharacters` cuts the lesson's text, at the end of a line where it can, to fit a model's context window. */
export function promptFor(input: AiJobInput, limits: { maxTextCharacters?: number } = {}): ChatRequest {
  const cut = { ...input, lessonText: cutText(input.lessonText, limits.maxTextCharacters) };
  switch (cut.kind) {
    case 'QUIZ':
      return quizPrompt(cut);
    case 'SUMMARY':
      return summaryPrompt(cut);
    case 'EXPLANATION':
      return explanationPrompt(cut);
  }
}

/** Throws LyceumError MODEL_OUTPUT_INVALID if the answer is not what the prompt asks for, after dropping what is false. */
export function readAnswer(input: AiJobInput, answer: string): AiJobOutput {
  switch (input.kind) {
    case 'QUIZ':
      return readQuiz(input, answer);
    case 'SUMMARY':
      return readSummary(input, answer);
    case 'EXPLANATION':
      return readExplanation(answer);
  }
}

function cutText(text: string, maxCharacters = Number.POSITIVE_INFINITY): string {
  if (text.length <= maxCharacters) return text;
  const head = text.slice(0, maxCharacters);
  const lineEnd = head.lastIndexOf('\n');
  return lineEnd > maxCharacters / 2 ? head.slice(0, lineEnd) : head;
}
