import { expect, test } from 'vitest';
import { explain } from './explanation.ts';
import { LESSON } from './lesson.fixture.ts';

const task = {
  lessonText: LESSON,
  prompt: 'What follows when the Sun and the Moon stand in line?',
  learnerAnswer: 'a neap tide',
  correctAnswer: 'a spring tide',
  explanation: '',
};

test('an explanation quotes the sentence that answers the problem', () => {
  expect(explain(task)).toContain(
    'When the Sun and the Moon stand in line, their effects add up and a spring tide follows.',
  );
});

test('it names both answers if they differ, and says so if the learner was right', () => {
  expect(explain(task)).toContain('Your answer was “a neap tide”. The correct answer is “a spring tide”.');
  expect(explain({ ...task, learnerAnswer: 'A spring  tide' })).toContain('is right');
});

test("the author's own explanation is kept", () => {
  expect(explain({ ...task, explanation: 'Syzygy adds forces.' })).toContain('Syzygy adds forces.');
});

test('a lesson that does not speak about the problem is not quoted', () => {
  const text = explain({ ...task, prompt: 'Who painted Guernica?', correctAnswer: 'Picasso', learnerAnswer: 'Miró' });
  expect(text).toContain('does not speak about this directly');
});
