/**
 * What an AI job is asked and what it answers: stored as JSON on the job's row, read by the ai subgraph and by workers.
 */
import { z } from 'zod';

/** The input is a snapshot taken when the job was accepted, so that every attempt works on the same text. */
export const AiJobInput = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('QUIZ'),
    lessonId: z.uuid(),
    lessonTitle: z.string(),
    /** Plain text of the lesson's blocks in order. */
    lessonText: z.string(),
    questionCount: z.number().int().min(1).max(20),
  }),
  z.object({
    kind: z.literal('SUMMARY'),
    lessonId: z.uuid(),
    lessonTitle: z.string(),
    lessonText: z.string(),
    maxSentences: z.number().int().min(1).max(20),
  }),
  z.object({
    kind: z.literal('EXPLANATION'),
    lessonId: z.uuid(),
    lessonTitle: z.string(),
    lessonText: z.string(),
    problemId: z.uuid(),
    prompt: z.string(),
    learnerAnswer: z.string(),
    correctAnswer: z.string(),
    explanation: z.string(),
  }),
]);
export type AiJobInput = z.output<typeof AiJobInput>;
export type AiJobKind = AiJobInput['kind'];

export const QuizQuestion = z.object({
  prompt: z.string().min(1),
  choices: z.array(z.string().min(1)).min(2),
  /** One of `choices`, and a phrase of the lesson's text. */
  answer: z.string().min(1),
  /** The sentence of the lesson that holds the answer. */
  source: z.string().min(1),
});

export const AiJobOutput = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('QUIZ'), questions: z.array(QuizQuestion).min(1) }),
  z.object({ kind: z.literal('SUMMARY'), text: z.string().min(1), sentences: z.array(z.string()).min(1) }),
  z.object({ kind: z.literal('EXPLANATION'), text: z.string().min(1) }),
]);
export type AiJobOutput = z.output<typeof AiJobOutput>;
