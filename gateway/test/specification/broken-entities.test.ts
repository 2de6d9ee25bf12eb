/**
 * Subgraphs that break the rules where entities or errors are expected of them: what others sent stays, and each null has
 * an error that says where.
 */
import { describe, expect, test } from 'vitest';
import { answered, askedSoFar } from './broken.ts';
import { paths } from './subject.ts';

const ADA = '{"data":{"person":{"__typename":"Person","id":"1","name":"Ada"},"left":"kept"}}';
const PEOPLE = `{"data":{"people":[${['1', '2'].map((id) => `{"__typename":"Person","id":"${id}","name":"n${id}"}`)}],"left":"kept"}}`;

describe('a subgraph that entities are asked of', () => {
  const source = '{ people { name age } left }';
  const entity = (age: string, typename = '"Person"') => `{"__typename":${typename},"age":${age}}`;
  const kept = (ages: unknown[]) => ({ people: ages.map((age, i) => ({ name: `n${i + 1}`, age })), left: 'kept' });

  test.each([
    ['null for data, and no errors', '{"data":null}'],
    ['nothing', '{}'],
    ['no entities', '{"data":{}}'],
    ['null for entities', '{"data":{"_entities":null}}'],
    ['an object for entities', `{"data":{"_entities":{"0":${entity('1')},"1":${entity('2')}}}}`],
    ['a text for entities', '{"data":{"_entities":"ab"}}'],
    ['too few entities', `{"data":{"_entities":[${entity('1')}]}}`],
    ['too many entities', `{"data":{"_entities":[${entity('1')},${entity('2')},${entity('3')}]}}`],
    ['an empty list of entities', '{"data":{"_entities":[]}}'],
    ['a list for data', `{"data":[${entity('1')},${entity('2')}]}`],
    ['an error without data', '{"errors":[{"message":"no"}]}'],
  ])('%s: what it was asked for is null with an error, and the rest stays', async (_what, right) => {
    const answer = await answered(source, { left: PEOPLE, right });
    expect(answer.data).toStrictEqual(kept([null, null]));
    expect(answer.errors?.length).toBeGreaterThan(0);
    for (const path of paths(answer)) expect(path?.[0]).toBe('people');
  });

  test.each([['7'], ['"x"'], ['true'], ['[]'], [`[${entity('5')}]`]])(
    '%s among the entities costs this entity its fields',
    async (wrong) => {
      const answer = await answered(source, {
        left: PEOPLE,
        right: `{"data":{"_entities":[${wrong},${entity('2')}]}}`,
      });
      expect(answer.data).toStrictEqual(kept([null, 2]));
      expect(paths(answer)).toStrictEqual([['people', 0, 'age']]);
    },
  );

  test('an entity of another type does not change what the first subgraph said it is', async () => {
    for (const typename of ['"Robot"', '"Nobody"', '7', 'null', '{}']) {
      const right = `{"data":{"_entities":[${entity('1', typename)},${entity('2')}]}}`;
      const answer = await answered('{ people { __typename name age } left }', { left: PEOPLE, right });
      const { people } = answer.data as { people: { __typename: string }[] };
      expect(people.map(({ __typename }) => __typename)).toStrictEqual(['Person', 'Person']);
      expect(answer.data).toMatchObject({ people: [{ name: 'n1' }, { name: 'n2', age: 2 }], left: 'kept' });
    }
  });

  test('values of a wrong kind within an entity cost their own field', async () => {
    const right =
      '{"data":{"_entities":[{"age":{},"best":7,"leaves":[],"list":{},"rows":[[1,{"size":2}],3]},{"age":"x","best":[],"leaves":"x","list":[1,"x"],"rows":null}]}}';
    const answer = await answered('{ people { name age best { name } leaves { size } list rows { size } } left }', {
      left: PEOPLE,
      right,
    });
    expect(answer.data).toStrictEqual({
      people: [
        { name: 'n1', age: null, best: null, leaves: null, list: null, rows: [[null, { size: 2 }], null] },
        { name: 'n2', age: null, best: null, leaves: null, list: [1, null], rows: null },
      ],
      left: 'kept',
    });
    const at = paths(answer).map((path) => path?.join('.'));
    for (const path of [
      'people.0.age',
      'people.0.best',
      'people.0.leaves',
      'people.0.list',
      'people.0.rows.0.0',
      'people.0.rows.1',
      'people.1.age',
      'people.1.best',
      'people.1.leaves',
      'people.1.list.1',
    ]) {
      expect(at).toContain(path);
    }
  });

  test('an entity that overwrites a key of the first subgraph with null does not take it away', async () => {
    const right = '{"data":{"_entities":[{"__typename":"Person","id":null,"name":null,"age":1},{"age":2}]}}';
    expect((await answered('{ people { id name age } left }', { left: PEOPLE, right })).data).toStrictEqual({
      people: [
        { id: '1', name: 'n1', age: 1 },
        { id: '2', name: 'n2', age: 2 },
      ],
      left: 'kept',
    });
  });

  test('objects of the first subgraph that cannot be asked for are null in what lies elsewhere', async () => {
    const left =
      '{"data":{"people":[{"__typename":"Person","name":"a"},{"__typename":"Person","id":null,"name":"b"},{"id":"3","name":"c"},{"__typename":"Person","id":"4","name":"d"}],"left":"kept"}}';
    const answer = await answered('{ people { name age } left }', {
      left,
      right: `{"data":{"_entities":[${entity('4')}]}}`,
    });
    const { people } = answer.data as { people: unknown[] };
    expect(people).toHaveLength(4);
    expect(people.map((one) => (one as { name: string } | null)?.name)).toStrictEqual(['a', 'b', 'c', 'd']);
  });
});

describe('errors that say nothing, or nonsense', () => {
  test.each([
    ['without a message', '{}'],
    ['with an empty message', '{"message":""}'],
    ['with a message that is no text', '{"message":{"a":1}}'],
    ['with null for a message', '{"message":null}'],
    ['that is null', 'null'],
    ['that is a text', '"no"'],
    ['that is a list', '[]'],
    ['whose extensions are a text', '{"message":"no","extensions":"x"}'],
    ['whose extensions are a list', '{"message":"no","extensions":[1]}'],
    ['whose extensions would pollute', '{"message":"no","extensions":{"__proto__":{"polluted":1},"code":7}}'],
    ['whose locations are nonsense', '{"message":"no","locations":[{"line":"x"},7,null]}'],
  ])('an error %s still is one error with a message, at the field', async (_what, error) => {
    const answer = await answered('{ left right }', {
      left: `{"data":{"left":null},"errors":[${error}]}`,
      right: '{"data":{"right":"kept"}}',
    });
    expect(answer.data).toStrictEqual({ left: null, right: 'kept' });
    expect(paths(answer)).toStrictEqual([['left']]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test.each([
    '"person"',
    '{}',
    '7',
    'null',
    '[]',
    '[null]',
    '[{}]',
    '[["person"]]',
    '["nowhere"]',
    '["person","nowhere"]',
    '["person",0,"name"]',
    '["person","name","deeper","still"]',
    '[0]',
    '[-1]',
    '[1e400]',
    '["__proto__"]',
    '["person","__proto__","x"]',
    '["constructor","prototype"]',
    '["_entities",0,"name"]',
  ])('an error of the root with the path %s is told once, and the data stays', async (path) => {
    const left = `{"data":{"person":{"__typename":"Person","id":"1","name":"Ada"},"left":"kept"},"errors":[{"message":"odd","path":${path}}]}`;
    const answer = await answered('{ person { name age } left }', {
      left,
      right: '{"data":{"_entities":[{"age":1}]}}',
    });
    expect(answer.data).toStrictEqual({ person: { name: 'Ada', age: 1 }, left: 'kept' });
    expect(answer.errors?.length).toBeGreaterThan(0);
    for (const at of paths(answer)) expect(at).not.toStrictEqual([]);
  });

  test.each([
    '["_entities"]',
    '["_entities",9,"age"]',
    '["_entities",-1,"age"]',
    '["_entities",0.5,"age"]',
    '["_entities","0","age"]',
    '["_entities","__proto__","age"]',
    '["_entities",null]',
    '["people",0,"age"]',
    '["age"]',
    '[]',
    '"_entities"',
    'null',
  ])('an error of entities with the path %s is told, and the data stays', async (path) => {
    const right = `{"data":{"_entities":[{"age":1},{"age":2}]},"errors":[{"message":"odd","path":${path}}]}`;
    const answer = await answered('{ people { name age } left }', { left: PEOPLE, right });
    expect(answer.data).toStrictEqual({
      people: [
        { name: 'n1', age: 1 },
        { name: 'n2', age: 2 },
      ],
      left: 'kept',
    });
    expect(answer.errors?.length).toBeGreaterThan(0);
    for (const at of paths(answer)) expect(at?.[0]).toBe('people');
  });

  test('ten thousand errors at one place are one', async () => {
    const errors = Array.from({ length: 10_000 }, (_, i) => `{"message":"m${i}","path":["left"]}`);
    const answer = await answered('{ left }', { left: `{"data":{"left":null},"errors":[${errors}]}` });
    expect(paths(answer)).toStrictEqual([['left']]);
  });

  test('an error at a place that has a value is told, and the value stays', async () => {
    const answer = await answered('{ person { name } left }', {
      left: ADA.replace(/}$/, ',"errors":[{"message":"odd","path":["person","name"]}]}'),
    });
    expect(answer.data).toStrictEqual({ person: { name: 'Ada' }, left: 'kept' });
    expect(paths(answer)).toStrictEqual([['person', 'name']]);
  });
});

describe('mutations', () => {
  test('where one field fails, those of other subgraphs still run, in order', async () => {
    const before = askedSoFar.length;
    const answer = await answered('mutation { change { name } alter touch }', {
      left: '{"data":{"change":{"__typename":"Person","id":"1","name":"Ada"},"touch":1}}',
      right: () => {
        throw new Error('refused');
      },
    });
    expect(askedSoFar.slice(before)).toStrictEqual(['left', 'right', 'left']);
    expect(answer.data).toStrictEqual({ change: { name: 'Ada' }, alter: null, touch: 1 });
    expect(paths(answer)).toStrictEqual([['alter']]);
  });

  test('nobody is asked twice, whatever comes back', async () => {
    for (const data of ['null', '{}', '{"alter":{}}', '[]']) {
      const before = askedSoFar.length;
      await answered('mutation { alter }', { right: `{"data":${data}}` });
      expect(askedSoFar.slice(before)).toStrictEqual(['right']);
    }
  });
});
