import { describe, expect, test } from 'vitest';
import { parseOlx } from '../xml.ts';
import { gradeProblem } from './grade-problem.ts';
import { problemFromXml, splitOptions } from './problem-xml.ts';

function read(body: string) {
  const draft = problemFromXml(parseOlx('problem/p.xml', `<problem>${body}</problem>`));
  return gradeProblem(draft, { externalKey: 'problem/p', title: 'A problem' });
}

describe('a problem in XML', () => {
  test('a multiple choice problem has one correct choice and keeps its question', () => {
    const { block } = read(`
      <multiplechoiceresponse>
        <label>Which is a fruit?</label><description>Think of cooks.</description>
        <choicegroup type="MultipleChoice">
          <choice correct="false">Leek<choichint/><choicehint>No.</choicehint></choice>
          <choice correct="true"><b>Apple</b></choice>
        </choicegroup>
        <solution><div class="detailed-solution"><p>Explanation</p><p>Apples are <i>fruit</i>.</p></div></solution>
      </multiplechoiceresponse>
      <demandhint><hint>It grows on <b>trees</b>.</hint><hint>It is round.</hint></demandhint>`);
    expect(block).toMatchObject({
      problemKind: 'SINGLE_CHOICE',
      choices: [
        { id: 'choice_1', text: 'Leek' },
        { id: 'choice_2', text: 'Apple' },
      ],
      grading: { kind: 'choices', correctChoiceIds: ['choice_2'] },
      explanation: 'Apples are fruit.',
      hints: ['It grows on trees.', 'It is round.'],
    });
    expect(block.promptHtml).toContain('<p>Which is a fruit?</p>');
    expect(block.promptHtml).toContain('Think of cooks.');
    expect(block.promptHtml).not.toMatch(/Apple|No\.|round/);
  });

  test('names of choices become their ids, and a picture is chosen by its description', () => {
    const { block } = read(`<multiplechoiceresponse><choicegroup>
      <choice name="a" correct="true"><img src="/static/a.png" alt="A red circle"/></choice>
      <choice name="b" correct="false">Blue</choice></choicegroup></multiplechoiceresponse>`);
    expect(block.choices).toEqual([
      { id: 'a', text: 'A red circle' },
      { id: 'b', text: 'Blue' },
    ]);
    expect(block.promptHtml).toBe('<p>A problem</p>');
  });

  test('a checkbox problem asks for every correct choice', () => {
    const { block } = read(`<choiceresponse><checkboxgroup>
      <choice correct="true">2</choice><choice correct="false">4</choice><choice correct="True">3</choice>
      <compoundhint value="A B">Not quite.</compoundhint></checkboxgroup></choiceresponse>`);
    expect(block.problemKind).toBe('MULTIPLE_CHOICE');
    expect(block.grading).toEqual({ kind: 'choices', correctChoiceIds: ['choice_1', 'choice_3'] });
  });

  test('a dropdown is read in both of its forms', () => {
    const listed = read(`<optionresponse><label>Capital?</label>
      <optioninput options="('Sydney, NSW','Canberra')" correct="Canberra"/></optionresponse>`);
    const elements = read(`<optionresponse><optioninput><option correct="False">Sydney</option>
      <option correct="True">Canberra<optionhint>Yes.</optionhint></option></optioninput></optionresponse>`);
    expect(listed.block.choices.map(({ text }) => text)).toEqual(['Sydney, NSW', 'Canberra']);
    expect(listed.block.grading).toEqual({ kind: 'choices', correctChoiceIds: ['choice_2'] });
    expect(elements.block.problemKind).toBe('SINGLE_CHOICE');
    expect(elements.block.choices.map(({ text }) => text)).toEqual(['Sydney', 'Canberra']);
    expect(elements.block.grading).toEqual({ kind: 'choices', correctChoiceIds: ['choice_2'] });
  });

  test('a numeric problem has a value and a tolerance', () => {
    const { block } = read(`<numericalresponse answer="600">
      <responseparam type="tolerance" default="5%"/><formulaequationinput label="How many?"/></numericalresponse>`);
    expect(block).toMatchObject({ problemKind: 'NUMERIC', grading: { kind: 'numeric', value: 600, tolerance: 30 } });
    expect(block.promptHtml).toContain('How many?');
  });

  test('a text problem accepts each of its answers, with case only if it says so', () => {
    const lenient = read(`<stringresponse answer="Doc" type="ci"><additional_answer answer="Happy"/>
      <additional_answer>Sleepy</additional_answer><textline size="20"/></stringresponse>`);
    const strict = read('<stringresponse answer="NaCl"><textline/></stringresponse>');
    expect(lenient.block.grading).toEqual({
      kind: 'text',
      answers: ['Doc', 'Happy', 'Sleepy'],
      caseSensitive: false,
    });
    expect(strict.block.grading).toEqual({ kind: 'text', answers: ['NaCl'], caseSensitive: true });
  });

  test.each([
    ['a regular expression', '<stringresponse answer=".*" type="ci regexp"><textline/></stringresponse>', /regular/],
    ['a custom response', '<customresponse cfn="f"><textline/></customresponse>', /customresponse/],
    ['a formula', '<formularesponse answer="x+y"><textline/></formularesponse>', /formularesponse/],
    ['an expression', '<numericalresponse answer="sqrt(2)"><textline/></numericalresponse>', /no single number/],
    [
      'several numbers',
      '<numericalresponse answer="1"><additional_answer answer="2"/></numericalresponse>',
      /no single number/,
    ],
    ['no response', '<p>Just think.</p>', /no response/],
    [
      'no correct choice',
      '<choiceresponse><checkboxgroup><choice correct="false">a</choice></checkboxgroup></choiceresponse>',
      /no correct choice/,
    ],
    ['a script', '<script>x = 1</script><p>What is $x?</p><numericalresponse answer="$x"/>', /computed by a script/],
  ])('a problem with %s keeps its question and is not graded', (_, xml, reason) => {
    const { block, why } = read(`<p>The question</p>${xml}`);
    expect(block).toMatchObject({ problemKind: 'UNGRADED', grading: null, choices: [] });
    expect(block.promptHtml).toContain('The question');
    expect(block.promptHtml).not.toContain('x = 1');
    expect(why).toMatch(reason);
  });

  test('a problem with several responses is not graded and shows all it offers', () => {
    const { block, why } = read(`<p>Match.</p>
      <optionresponse><optioninput options="('a','b')" correct="a"/></optionresponse>
      <multiplechoiceresponse><choicegroup><choice correct="true">c &amp; d</choice></choicegroup></multiplechoiceresponse>`);
    expect(why).toBe('several responses');
    expect(block.promptHtml).toContain('<li>a</li><li>b</li>');
    expect(block.promptHtml).toContain('<li>c &amp; d</li>');
  });

  test('scripts, styles and event handlers never reach the question', () => {
    const { block } = read(`<p onclick="steal()">Hi<script>steal()</script><style>p{}</style>
      <img src="javascript:steal()" alt="x"/><a href="javascript:steal()">link</a></p>
      <stringresponse answer="x"><textline/></stringresponse>`);
    expect(block.promptHtml).not.toMatch(/steal|style|onclick/);
    expect(block.promptHtml).toContain('Hi');
  });
});

test('a list of options is split where Python would split it', () => {
  expect(splitOptions(`('USA','Korea, South',"it's", 'a \\'b\\'')`)).toEqual(['USA', 'Korea, South', "it's", "a 'b'"]);
  expect(splitOptions('red, green,blue')).toEqual(['red', 'green', 'blue']);
  expect(splitOptions('')).toEqual([]);
});
