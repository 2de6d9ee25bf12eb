/**
 * What the embedded server can be asked to do. It reads the task from the messages by the convention of our prompts and
 * answers in the form that the prompt asks any model for.
 */
import type { ChatMessage } from '../chat-model.ts';
import { readPrompt } from '../prompts/convention.ts';
import { explain } from './extractive/explanation.ts';
import { makeQuiz } from './extractive/quiz.ts';
import { summarize } from './extractive/summary.ts';
import { ProtocolError } from './wire.ts';

type Prompt = NonNullable<ReturnType<typeof readPrompt>>;

const TASKS: Record<string, (prompt: Prompt) => string> = {
  quiz: ({ headers, sections }) => {
    const questions = makeQuiz(sections.lesson_text ?? '', numberFrom(headers.question_count, 5));
    return JSON.stringify({ questions });
  },
  summary: ({ headers, sections }) =>
    summarize(sections.lesson_text ?? '', numberFrom(headers.max_sentences, 5)).join('\n'),
  explanation: ({ sections }) =>
    explain({
      lessonText: sections.lesson_text ?? '',
      prompt: sections.problem ?? '',
      learnerAnswer: sections.learner_answer ?? '',
      correctAnswer: sections.correct_answer ?? '',
      explanation: sections.explanation ?? '',
    }),
};

/** Throws ProtocolError 400 for messages that name no task or an unknown one: this is no conversational model. */
export function answer(messages: readonly ChatMessage[]): string {
  const prompt = readPrompt(messages);
  const run = prompt && Object.hasOwn(TASKS, prompt.task) ? TASKS[prompt.task] : undefined;
  if (!prompt || !run) {
    const known = Object.keys(TASKS).join(', ');
    throw new ProtocolError(
      400,
      'unsupported_task',
      `This model extracts from text. The system message must open with "task: " and one of: ${known}.`,
      'messages',
    );
  }
  return run(prompt);
}

function numberFrom(value: string | number | undefined, fallback: number): number {
  const number = Number(value);
  return Number.isInteger(number) && number >= 1 && number <= 50 ? number : fallback;
}
