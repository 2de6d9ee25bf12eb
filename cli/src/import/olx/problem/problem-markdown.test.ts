import { describe, expect, test } from 'vitest';
import { gradeProblem } from './grade-problem.ts';
import { problemFromMarkdown } from './problem-markdown.ts';

const read = (markdown: string) => gradeProblem(problemFromMarkdown(markdown), { externalKey: 'p', title: '' });

describe('a problem in Markdown', () => {
  test('a multiple choice problem with feedback, hints and an explanation', () => {
    const { block } = read(
      [
        '<p>Look at the picture.</p>',
        '>>What kind of fish is this? ||Take your time.<<',
        '',
        '( ) Puffer fish {{No spikes here.}}',
        '(x) Jellyfish {{Right::Well seen.}}',
        '( ) Shark',
        '',
        '||It has no bones.||',
        '||It stings.||',
        '',
        '[explanation]',
        'Jellyfish are no fish at all.',
        '[explanation]',
      ].join('\n'),
    );
    expect(block).toMatchObject({
      problemKind: 'SINGLE_CHOICE',
      choices: [{ text: 'Puffer fish' }, { text: 'Jellyfish' }, { text: 'Shark' }],
      grading: { kind: 'choices', correctChoiceIds: ['choice_2'] },
      hints: ['It has no bones.', 'It stings.'],
      explanation: 'Jellyfish are no fish at all.',
    });
    expect(block.promptHtml).toBe(
      '<p>Look at the picture.</p>\n<p>What kind of fish is this?</p>\n<p>Take your time.</p>',
    );
  });

  test('checkboxes, with lines of feedback for combinations', () => {
    const { block } = read('>>Even?<<\n[x] 2 {{s: yes}}\n[ ] 3\n[x] 4\n{{ ((A B)) Not quite. }}');
    expect(block.problemKind).toBe('MULTIPLE_CHOICE');
    expect(block.choices.map(({ text }) => text)).toEqual(['2', '3', '4']);
    expect(block.grading).toEqual({ kind: 'choices', correctChoiceIds: ['choice_1', 'choice_3'] });
  });

  test('a dropdown on one line or on several', () => {
    for (const dropdown of ['[[Sydney, (Canberra), Melbourne]]', '[[\nSydney\n(Canberra) {{Yes}}\nMelbourne\n]]']) {
      const { block } = read(`>>The capital?<<\n${dropdown}\n`);
      expect(block.choices.map(({ text }) => text)).toEqual(['Sydney', 'Canberra', 'Melbourne']);
      expect(block.grading).toEqual({ kind: 'choices', correctChoiceIds: ['choice_2'] });
    }
  });

  test.each([
    ['= 600 +-5', { kind: 'numeric', value: 600, tolerance: 5 }],
    ['= 200 +- 10% {{Good}}', { kind: 'numeric', value: 200, tolerance: 20 }],
    ['= [5, 7]', { kind: 'numeric', value: 6, tolerance: 1 }],
    ['= -0.5 +-0', { kind: 'numeric', value: -0.5, tolerance: 0 }],
  ])('the number %s', (answer, grading) => {
    const { block } = read(`>>How many?<<\n${answer}`);
    expect(block).toMatchObject({ problemKind: 'NUMERIC', grading });
  });

  test('a text with alternatives is compared without case', () => {
    const { block } = read('>>A dwarf?<<\n\n= Doc\nor= Sleepy {{Yes}}\nnot= Gandalf {{No}}\n');
    expect(block.grading).toEqual({ kind: 'text', answers: ['Doc', 'Sleepy'], caseSensitive: false });
    expect(read('>>Year?<<\ns= 1952').block.grading).toMatchObject({ kind: 'text', answers: ['1952'] });
  });

  test('a pattern, or several questions, is not graded', () => {
    expect(read('>>A word?<<\n= |.*bble').why).toMatch(/regular expression/);
    const several = read('>>One?<<\n(x) a\n( ) b\n---\n>>Two?<<\n= 2');
    expect(several.why).toBe('several responses');
    expect(several.block.promptHtml).toContain('<li>a</li><li>b</li>');
    expect(several.block.promptHtml).toContain('<p>Two?</p>');
  });

  test('headings and code keep their shape', () => {
    const { block } = read('Part one\n========\n[code]\nif a < b:\n  = 1\n[/code]\n>>Why?<<\n= because');
    expect(block.promptHtml).toContain('<h3>Part one</h3>');
    expect(block.promptHtml).toMatch(/<pre>if a &lt; b:\n {2}= 1\s*<\/pre>/);
    expect(block.problemKind).toBe('TEXT');
  });
});
