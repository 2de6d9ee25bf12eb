import { AiJobInput } from '@lyceum/contracts';
import { describe, expect, test } from 'vitest';
import { readPrompt, writePrompt } from './convention.ts';
import { promptFor, readAnswer } from './index.ts';

const lessonId = '0193a000-0000-7000-8000-000000000001';
const lessonText = 'Salt  is made of sodium\nand chlorine. Water boils at 100 degrees.';
const quizJob = AiJobInput.parse({ kind: 'QUIZ', lessonId, lessonTitle: 'Salt', lessonText, questionCount: 2 });
const summaryJob = AiJobInput.parse({ kind: 'SUMMARY', lessonId, lessonTitle: 'Salt', lessonText, maxSentences: 2 });
const question = (answer: string, choices = [answer, 'gold', 'iron']) => ({
  prompt: `What about ${answer}?`,
  choices,
  answer,
  source: 'Salt is made of sodium and chlorine.',
});
const quizOf = (...questions: object[]) => JSON.stringify({ questions });

describe('the convention', () => {
  test('what is written is read back', () => {
    const parts = {
      headers: { task: 'quiz', question_count: 3 },
      sections: { lesson_title: 'A', lesson_text: 'B\n\nC' },
    };
    expect(readPrompt(writePrompt({ ...parts, instructions: 'task: no' }))).toEqual({
      task: 'quiz',
      headers: { task: 'quiz', question_count: '3' },
      sections: parts.sections,
    });
  });

  test('messages without a task header are not ours', () => {
    expect(readPrompt([{ role: 'user', content: 'task: quiz' }])).toBeNull();
    expect(readPrompt([{ role: 'system', content: 'You are helpful.' }])).toBeNull();
  });

  test('a text that is too long is cut at the end of a line', () => {
    const job = { ...quizJob, lessonText: `${'a'.repeat(80)}\n${'b'.repeat(80)}` };
    const { sections } = readPrompt(promptFor(job, { maxTextCharacters: 100 }).messages)!;
    expect(sections.lesson_text).toBe('a'.repeat(80));
  });
});

describe('reading answers', () => {
  test('a question whose answer is not in the lesson is dropped, whatever else the model says', () => {
    const answer = quizOf(question('sodium and Chlorine'), question('potassium'));
    expect(readAnswer(quizJob, answer)).toMatchObject({ questions: [{ answer: 'sodium and Chlorine' }] });
  });

  test('a question whose answer is no choice, whose choices repeat or that comes twice is dropped', () => {
    const good = question('sodium');
    const answer = quizOf(question('water', ['salt', 'gold']), question('salt', ['salt', 'Salt ', 'x']), good, good);
    expect(readAnswer(quizJob, answer)).toEqual({ kind: 'QUIZ', questions: [good] });
  });

  test('no sound question, no JSON and the wrong shape are MODEL_OUTPUT_INVALID', () => {
    for (const answer of [quizOf(question('potassium')), 'Sure! Here it is', '{"questions":[{}]}', '']) {
      expect(() => readAnswer(quizJob, answer)).toThrow(expect.objectContaining({ code: 'MODEL_OUTPUT_INVALID' }));
    }
  });

  test('a Markdown fence around JSON is tolerated', () => {
    expect(readAnswer(quizJob, `\`\`\`json\n${quizOf(question('sodium'))}\n\`\`\``)).toHaveProperty(
      'questions.length',
      1,
    );
  });

  test('a summary keeps at most the sentences asked for and loses bullets', () => {
    expect(readAnswer(summaryJob, '- One.\n\n2. Two.\n* Three.')).toEqual({
      kind: 'SUMMARY',
      text: 'One. Two.',
      sentences: ['One.', 'Two.'],
    });
  });
});
