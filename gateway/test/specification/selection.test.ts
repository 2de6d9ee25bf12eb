/**
 * Executing selection sets (6.3): which fields an answer has, in which order, from which fragments.
 */
import { describe, expect, test } from 'vitest';
import { people } from './people.ts';

const json = async (source: string, variables?: Record<string, unknown>) =>
  JSON.stringify((await people().answer(source, { variables })).data);

describe('6.3.1 normal execution, 7.2.2 serialized map ordering', () => {
  test('fields stand in the order in which the operation names them, whichever subgraph gives them', async () => {
    expect(await json('{ person { age name email id } }')).toBe(
      '{"person":{"age":36,"name":"Ada","email":"ada@example.org","id":"1"}}',
    );
  });

  test('root fields of several subgraphs stand in the order of the operation', async () => {
    expect(await json('{ right person { id } oldest { id } __typename being { id } }')).toBe(
      '{"right":"right","person":{"id":"1"},"oldest":{"id":"1"},"__typename":"Query","being":{"id":"1"}}',
    );
  });

  test('a field stands where it is named first, also if a later fragment names it again', async () => {
    expect(await json('{ person { name ...F age } } fragment F on Person { email name id }')).toBe(
      '{"person":{"name":"Ada","email":"ada@example.org","id":"1","age":36}}',
    );
  });

  test('the order holds in lists, and in lists in lists', async () => {
    expect(await json('{ grid { age id } people { age id } }')).toBe(
      '{"grid":[[{"age":36,"id":"1"},null],[{"age":null,"id":"2"}]],"people":[{"age":36,"id":"1"},{"age":null,"id":"2"}]}',
    );
  });

  test('the order is that of each type, where fragments give types different fields', async () => {
    expect(
      await json(
        '{ beings { ... on Dog { tricks } name ... on Cat { purrs } ... on Person { age } id ... on Cat { lives } } }',
      ),
    ).toBe(
      '{"beings":[{"name":"Ada","age":36,"id":"1"},null,{"tricks":["sit","roll"],"name":"Rex","id":"1"},{"name":"Tom","purrs":true,"id":"1","lives":9}]}',
    );
  });

  test('names that look like numbers would be sorted by JavaScript: names cannot begin with a digit, underscores may', async () => {
    expect(await json('{ person { _2: id _1: name _10: age } }')).toBe('{"person":{"_2":"1","_1":"Ada","_10":36}}');
  });
});

describe('6.3.2 field collection', () => {
  test('fields of one response name are one field with the selections of all', async () => {
    expect(await json('{ person { best { name } best { age id } ... on Person { best { email } } } }')).toBe(
      '{"person":{"best":{"name":"Bob","age":null,"id":"2","email":"bob@example.org"}}}',
    );
  });

  test('merging goes on below merged fields, through lists', async () => {
    expect(
      await json(
        '{ people { friends { id } } people { friends { rival { id } } } people { friends { rival { name } } } }',
      ),
    ).toBe(
      '{"people":[{"friends":[{"id":"2","rival":{"id":"3","name":"Eve"}},null,{"id":"1","rival":{"id":"2","name":"Bob"}}]},{"friends":[{"id":"1","rival":{"id":"2","name":"Bob"}},{"id":"3","rival":{"id":"1","name":"Ada"}}]}]}',
    );
  });

  test('equal fields under different aliases are fields of their own', async () => {
    expect(await json('{ a: person { n: name } b: person { n: name age } person { id } }')).toBe(
      '{"a":{"n":"Ada"},"b":{"n":"Ada","age":36},"person":{"id":"1"}}',
    );
  });

  test('one field with different arguments stands under each alias with its own value', async () => {
    expect(
      await json('{ one: person(id: "1") { id } two: person(id: "2") { id name } none: person(id: "9") { id } }'),
    ).toBe('{"one":{"id":"1"},"two":{"id":"2","name":"Bob"},"none":null}');
  });

  test('an alias may be the name of another field of the type, of either subgraph', async () => {
    expect(await json('{ person { name: age age: name email: id id: email } }')).toBe(
      '{"person":{"name":36,"age":"Ada","email":"1","id":"ada@example.org"}}',
    );
  });

  test('aliases of fields with arguments below an entity of another subgraph', async () => {
    expect(
      await json('{ person { a: tags(of: "a") b: tags tags(of: "c") long: nick nick(short: true, size: LARGE) } }'),
    ).toBe('{"person":{"a":{"of":"a"},"b":{"of":null},"tags":{"of":"c"},"long":"Addy","nick":"ALARGE"}}');
  });

  test('aliases may be names that the plan uses itself', async () => {
    expect(await json('{ _entities: person { _service: id representations: age data: email errors: name } }')).toBe(
      '{"_entities":{"_service":"1","representations":36,"data":"ada@example.org","errors":"Ada"}}',
    );
  });

  test('a fragment spread counts once however often it is spread in one selection set', async () => {
    expect(
      await json('{ person { ...F name ...F ...G } } fragment F on Person { id } fragment G on Person { ...F age }'),
    ).toBe('{"person":{"id":"1","name":"Ada","age":36}}');
  });

  test('the same fragment counts at every level it is spread on', async () => {
    expect(await json('{ person { ...F best { ...F best { ...F } } } } fragment F on Person { id age }')).toBe(
      '{"person":{"id":"1","age":36,"best":{"id":"2","age":null,"best":{"id":"3","age":30}}}}',
    );
  });

  test('fragments within fragments within the root', async () => {
    expect(
      await json(
        '{ ...Q right } fragment Q on Query { ... { ...R } person { id } } fragment R on Query { oldest { age } person { age } }',
      ),
    ).toBe('{"oldest":{"age":36},"person":{"age":36,"id":"1"},"right":"right"}');
  });

  test('an inline fragment without a type condition is that of its parent', async () => {
    expect(await json('{ being { ... { name ... { id } } } }')).toBe('{"being":{"name":"Tom","id":"1"}}');
  });
});

describe('6.3.2 DoesFragmentTypeApply', () => {
  test('an object type applies to its own objects alone', async () => {
    expect(await json('{ things { ... on Rock { weight } ... on Dog { barks } } }')).toBe(
      '{"things":[{"weight":2.5},{},null,{}]}',
    );
  });

  test('an interface applies to every object that implements it, at a place of another abstract type', async () => {
    expect(await json('{ things { __typename ... on Being { name } ... on Pet { owner { id } } } }')).toBe(
      '{"things":[{"__typename":"Rock"},{"__typename":"Cat","name":"Tom","owner":{"id":"1"}},null,{"__typename":"Person","name":"Ada"}]}',
    );
  });

  test('a union applies to every member, at a place of an interface', async () => {
    expect(await json('{ beings { ... on Thing { ... on Dog { barks } __typename } } }')).toBe(
      '{"beings":[{"__typename":"Person"},null,{"barks":true,"__typename":"Dog"},{"__typename":"Cat"}]}',
    );
  });

  test('conditions nest: all of them must apply', async () => {
    expect(await json('{ beings { ... on Pet { ... on Being { ... on Cat { lives } ... on Pet { name } } } } }')).toBe(
      '{"beings":[{},null,{"name":"Rex"},{"lives":9,"name":"Tom"}]}',
    );
  });

  test('fragments on the type and on its interfaces merge into one selection', async () => {
    expect(
      await json(
        '{ being { ... on Cat { owner { name } } ... on Pet { owner { age } } ... on Being { name } ... on Cat { purrs } } }',
      ),
    ).toBe('{"being":{"owner":{"name":"Ada","age":36},"name":"Tom","purrs":true}}');
  });

  test('different fields of exclusive types may share a response name (5.3.2)', async () => {
    expect(await json('{ beings { ... on Cat { x: owner { id } } ... on Person { x: best { id age } } } }')).toBe(
      '{"beings":[{"x":{"id":"2","age":null}},null,{},{"x":{"id":"1"}}]}',
    );
    expect(
      await json('{ beings { ... on Cat { x: name } ... on Person { x: name } ... on Dog { x: name } id } }'),
    ).toBe('{"beings":[{"x":"Ada","id":"1"},null,{"x":"Rex","id":"1"},{"x":"Tom","id":"1"}]}');
  });

  test.each([
    '{ beings { ... on Cat { n: lives } ... on Person { n: id } } }',
    '{ beings { ... on Cat { x: name } ... on Person { x: email } } }',
    '{ beings { ... on Cat { x: toys { label } } ... on Person { x: best { id } } } }',
    '{ person { name: age name } }',
    '{ person { nick nick(short: true) } }',
  ])('where their shapes differ, or one type has both, the operation is refused: %s (5.3.2)', async (source) => {
    expect('data' in (await people().answer(source))).toBe(false);
  });
});

describe('3.13.1 @skip, 3.13.2 @include', () => {
  const BOTH = [
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ] as const;

  test.each(BOTH)(
    'a field stays if @skip is %s and @include is %s only where neither speaks against it',
    async (s, i) => {
      const answer = await json(
        'query ($s: Boolean!, $i: Boolean!) { person { id age @skip(if: $s) name @include(if: $i) email @skip(if: $s) @include(if: $i) } }',
        { s, i },
      );
      const person = {
        id: '1',
        ...(!s && { age: 36 }),
        ...(i && { name: 'Ada' }),
        ...(!s && i && { email: 'ada@example.org' }),
      };
      expect(answer).toBe(JSON.stringify({ person }));
    },
  );

  test.each(BOTH)('spreads and inline fragments obey them likewise (%s, %s)', async (s, i) => {
    const answer = await json(
      `query ($s: Boolean!, $i: Boolean!) { person { id ...F @skip(if: $s) ... on Person @include(if: $i) { email } ... @skip(if: $s) @include(if: $i) { rival { id } } } }
       fragment F on Person { age name @include(if: $i) }`,
      { s, i },
    );
    const person = {
      id: '1',
      ...(!s && { age: 36, ...(i && { name: 'Ada' }) }),
      ...(i && { email: 'ada@example.org' }),
      ...(!s && i && { rival: { id: '2' } }),
    };
    expect(answer).toBe(JSON.stringify({ person }));
  });

  test.each([true, false])('a field that is left out in one place stays where another names it (%s)', async (v) => {
    expect(
      await json(
        'query ($v: Boolean!) { person { age @skip(if: $v) best { id @include(if: $v) } age @include(if: $v) best { age } } }',
        { v },
      ),
    ).toBe(v ? '{"person":{"best":{"id":"2","age":null},"age":36}}' : '{"person":{"age":36,"best":{"age":null}}}');
  });

  test('constants count as variables do', async () => {
    expect(
      await json(
        '{ person { id @skip(if: false) age @skip(if: true) name @include(if: false) email @include(if: true) } }',
      ),
    ).toBe('{"person":{"id":"1","email":"ada@example.org"}}');
  });

  test('an object of which everything is left out is an empty object, not null', async () => {
    expect(
      await json('query ($v: Boolean!) { person { age @skip(if: $v) } people { name @skip(if: $v) } }', { v: true }),
    ).toBe('{"person":{},"people":[{},{}]}');
    expect(await json('query ($v: Boolean!) { person(id: "9") { age @skip(if: $v) } }', { v: true })).toBe(
      '{"person":null}',
    );
  });

  test('an operation of which everything is left out is an empty object, and asks nobody', async () => {
    const subject = people();
    const source = 'query ($v: Boolean!) { person @skip(if: $v) { age } ... @skip(if: $v) { right } }';
    expect(await subject.answer(source, { variables: { v: true } })).toStrictEqual({ data: {} });
    expect(subject.asked).toStrictEqual([]);
  });

  test('a subgraph is not asked for what is left out', async () => {
    const subject = people();
    const source = 'query ($v: Boolean!) { person { name age @include(if: $v) ... @include(if: $v) { email } } }';
    await subject.answer(source, { variables: { v: false } });
    expect(subject.asked).toStrictEqual(['left']);
    await subject.answer(source, { variables: { v: true } });
    expect(subject.asked).toStrictEqual(['left', 'right']);
  });

  test('the default of a variable decides where it is not given, and null is refused for it', async () => {
    const source = 'query ($v: Boolean! = true) { person { id age @skip(if: $v) } }';
    expect(await json(source)).toBe('{"person":{"id":"1"}}');
    expect(await json(source, { v: false })).toBe('{"person":{"id":"1","age":36}}');
    const refused = await people().answer(source, { variables: { v: null } });
    expect('data' in refused).toBe(false);
  });

  test('a fragment that is left out once counts where it is spread again (6.3.2)', async () => {
    const source = `query ($v: Boolean!) { person { ...F @skip(if: $v) id ...F ...G @include(if: $v) } oldest { ...G @skip(if: $v) ...F } }
      fragment F on Person { name } fragment G on Person { age ...F }`;
    expect(await json(source, { v: true })).toBe('{"person":{"id":"1","name":"Ada","age":36},"oldest":{"name":"Ada"}}');
    expect(await json(source, { v: false })).toBe(
      '{"person":{"name":"Ada","id":"1"},"oldest":{"age":36,"name":"Ada"}}',
    );
  });

  test('null for the variable of a condition is an error, and not false (5.8.5)', async () => {
    for (const directive of ['skip', 'include']) {
      const source = `query ($v: Boolean = true) { right @${directive}(if: $v) }`;
      const refused = await people().answer(source, { variables: { v: null } });
      expect(refused.errors).toHaveLength(1);
      expect('data' in refused).toBe(false);
    }
  });

  test('every combination of many conditions is answered, again and again', async () => {
    const source = `query ($a: Boolean!, $b: Boolean!, $c: Boolean!, $d: Boolean!, $e: Boolean!) {
      person { id @skip(if: $a) age @include(if: $b) best @include(if: $c) { email @skip(if: $d) name @include(if: $e) } }
      being @skip(if: $e) { name ... on Cat @include(if: $a) { purrs } } }`;
    for (let n = 0; n < 64; n += 1) {
      const variables = Object.fromEntries([...'abcde'].map((name, bit) => [name, ((n * 11) & (1 << bit)) !== 0]));
      await json(source, variables);
    }
  });

  test('requests that are under way at the same time do not mix', async () => {
    const source =
      'query ($id: ID!, $v: Boolean!, $of: String) { person(id: $id) { id age @include(if: $v) tags(of: $of) best { name email @skip(if: $v) } } }';
    await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        json(source, { id: i % 2 ? '1' : '9', v: i % 3 === 0, of: `of ${i}` }).then((text) =>
          expect(text).toContain(i % 2 ? `"of ${i}"` : 'null'),
        ),
      ),
    );
  });

  test('__typename obeys them like any field', async () => {
    expect(
      await json('query ($v: Boolean!) { being { __typename @skip(if: $v) id } __typename @include(if: $v) }', {
        v: true,
      }),
    ).toBe('{"being":{"id":"1"},"__typename":"Query"}');
  });
});
