/**
 * Nulls in every wrapping of lists and non-nulls (3.12 non-null): however far up they go, it is as far as on one schema.
 */
import { describe, test } from 'vitest';
import { Fault } from '../differential/world.ts';
import { people } from './people.ts';

const broken = () => {
  throw new Fault('here');
};
const person = (id: string, more: object = {}) => ({ __typename: 'Person', id, ...more });

/** With other values for one of the people. */
function withPerson(id: string, values: object): Parameters<typeof people>[0] {
  return (known) => {
    Object.assign(known[`Person-${id}`] ?? {}, values);
    return {};
  };
}

describe('3.12.1 combining list and non-null', () => {
  const item = { int1: 1 };
  const bad = { int1: null };
  const wrong = { int1: 'x' };
  const failing = { int1: broken };

  describe.each(
    ['T', 'T!', '[T]', '[T!]', '[T]!', '[T!]!', '[[T]]', '[[T!]]', '[[T]!]', '[[T!]!]!'].map((s, i) => [i, s] as const),
  )('shape %s: %s', (index, shape) => {
    const depth = shape.split('[').length - 1;
    /** The value itself, and it among others, as deep as the shape has lists. */
    function places(value: unknown, good: unknown): unknown[] {
      if (depth === 0) return [value];
      if (depth === 1) return [null, [value], [good, value, good], [value, value], []];
      return [null, [null, [good]], [[good], [good, value]], [[value], [value], [good]], [[], [good]], [value]];
    }

    test.each([
      ['null', null],
      ['of the wrong type', 'x'],
      ['an error', new Fault('here')],
    ])('a leaf that is %s', async (_what, value) => {
      for (const given of places(value, 1)) {
        const box = { string: 'kept', [`i${index}`]: given };
        await people({ box, box1: box }).answer(`{ box { string i${index} } right }`);
        await people({ box1: box }).answer(`{ box1 { string i${index} } }`);
      }
    });

    test.each([
      ['null', null],
      ['an object with a forbidden null', bad],
      ['an object with a wrong leaf', wrong],
      ['an object with an error', failing],
      ['an error', new Fault('here')],
    ])('an object that is %s', async (_what, value) => {
      for (const given of places(value, item)) {
        const box = { string: 'kept', [`b${index}`]: given };
        await people({ box }).answer(`{ box { string b${index} { int1 } } right }`);
        await people({ box: { box } }).answer(`{ box { box { x: b${index} { y: int1 } } string } }`);
        await people({ box1: box }).answer(`{ box1 { string b${index} { int1 } } }`);
      }
    });

    test.each([
      ['null', null],
      ['of an unknown type', { __typename: 'Nobody' }],
      ['an entity with a forbidden null in another subgraph', person('4', { email: null })],
      ['an entity with an error in another subgraph', person('4', { email: broken })],
    ])('an object of a union that is %s', async (_what, value) => {
      for (const given of places(value, person('5', { email: 'dan@example.org' }))) {
        const box = { string: 'kept', [`t${index}`]: given };
        const subject = people((known) => {
          known['Person-4'] = value ?? {};
          known['Person-5'] = person('5', { email: 'dan@example.org' });
          return { box };
        });
        await subject.answer(`{ box { string t${index} { ... on Person { id email } } } right }`);
      }
    });

    test('a leaf of an object in another subgraph', async () => {
      for (const value of [null, 'x', new Fault('here')]) {
        for (const given of places(value, 1)) {
          const cave = { depth: 1, [`n${index}`]: given };
          const subject = people(withPerson('1', { cave, cave1: cave }));
          await subject.answer(`{ person { id cave { depth n${index} } } right }`);
          await subject.answer(`{ person { id cave1 { n${index} } } p2: person(id: "2") { name } }`);
        }
      }
    });
  });
});
