/**
 * The graph that most of these tests ask: people and their pets, whose fields lie in two subgraphs, and values of every
 * type and wrapping on both sides.
 */
import { createSubject, type Subject, type Values } from './subject.ts';

/** Every wrapping of lists and non-nulls: `i0` to `i9`. */
function wrappings(prefix: string, type: string): string {
  const shapes = ['T', 'T!', '[T]', '[T!]', '[T]!', '[T!]!', '[[T]]', '[[T!]]', '[[T]!]', '[[T!]!]!'];
  return shapes.map((shape, i) => `${prefix}${i}: ${shape.replace('T', type)}`).join('\n');
}

const LEFT = `
  scalar Any
  enum Mood { GOOD BAD SECRET @inaccessible }
  enum Size { SMALL LARGE }
  input Point { x: Int! y: Int = 7 z: Int! = 9 tags: [String!] inner: Point size: Size }
  interface Being { id: ID! name: String }
  interface Pet implements Being { id: ID! name: String owner: Person }
  type Person implements Being @key(fields: "id") {
    id: ID! name: String pets: [Pet!] friends: [Person] best: Person self: Person! nick(short: Boolean = false, size: Size): String
  }
  type Cat implements Being & Pet @key(fields: "id") { id: ID! name: String owner: Person lives: Int! }
  type Dog implements Being & Pet @key(fields: "id") { id: ID! name: String owner: Person barks: Boolean }
  type Rock { weight: Float owner: Person }
  union Thing = Person | Cat | Dog | Rock
  type Box {
    int: Int float: Float string: String boolean: Boolean id: ID mood: Mood any: Any
    int1: Int! string1: String! mood1: Mood!
    ${wrappings('i', 'Int')}
    ${wrappings('b', 'Box')}
    ${wrappings('t', 'Thing')}
    box: Box box1: Box! boxes: [Box] person: Person person1: Person! being: Being thing: Thing thing1: Thing!
    old: String @deprecated(reason: "use string")
  }
  type Query {
    person(id: ID! = "1"): Person
    people: [Person!]
    grid: [[Person]!]
    being: Being
    beings: [Being]
    things: [Thing]
    box: Box
    box1: Box!
    given(
      int: Int, int1: Int! = 5, float: Float, string: String = "text", boolean: Boolean, id: ID, mood: Mood = GOOD, any: Any
      list: [Int], list1: [Int!], rows: [[Int]], point: Point, points: [Point!] = [{ x: 1 }]
    ): Any
    must(int: Int!, list: [Int!]!): Any
  }
  type Subscription { met(id: ID, mood: Mood): Person told: Box! }`;

const RIGHT = `
  scalar Any
  type Person @key(fields: "id") {
    id: ID! age: Int email: String! rival: Person cave: Cave cave1: Cave! scores: [Int!] rows: [[Int!]!] tags(of: String): Any
  }
  type Cat @key(fields: "id") { id: ID! purrs: Boolean! toys: [Toy!] }
  type Dog @key(fields: "id") { id: ID! tricks: [String!]! }
  type Toy { label: String! by: Person }
  type Cave { depth: Int! ${wrappings('n', 'Int')} dweller: Person! }
  type Query { oldest: Person sure: Person! caves: [Cave!] right: String }`;

/** Ada (1), Bob (2) and Eve (3), who lacks the e-mail address that she must have; Tom is a cat, Rex a dog. */
function population(): Record<string, Record<string, unknown>> {
  const cat = { __typename: 'Cat', id: '1', name: 'Tom', lives: 9, purrs: true, toys: [{ label: 'ball' }] };
  const dog = { __typename: 'Dog', id: '1', name: 'Rex', barks: true, tricks: ['sit', 'roll'] };
  const nick = ({ short, size }: { short: boolean; size?: string }) => `${short ? 'A' : 'Addy'}${size ?? ''}`;
  const tags = ({ of }: { of?: string }) => ({ of: of ?? null });
  const cave = { depth: 3, n0: 1, n5: [1, 2] };
  const ada: Record<string, unknown> = {
    __typename: 'Person',
    id: '1',
    name: 'Ada',
    age: 36,
    email: 'ada@example.org',
  };
  const bob: Record<string, unknown> = {
    __typename: 'Person',
    id: '2',
    name: 'Bob',
    age: null,
    email: 'bob@example.org',
  };
  const eve: Record<string, unknown> = { __typename: 'Person', id: '3', name: 'Eve', age: 30, email: null };
  Object.assign(ada, { pets: [cat, dog], friends: [bob, null, ada], best: bob, self: ada, nick, tags, rival: bob });
  Object.assign(ada, {
    cave: { ...cave, dweller: ada },
    cave1: { ...cave, dweller: bob },
    scores: [1, 2],
    rows: [[1], []],
  });
  Object.assign(bob, { pets: [], friends: [ada, eve], best: eve, self: bob, nick, tags, rival: eve, cave: null });
  Object.assign(eve, { pets: null, friends: null, best: null, self: eve, nick, tags, rival: ada, cave1: null });
  Object.assign(cat, { owner: ada });
  Object.assign(dog, { owner: bob });
  return { 'Person-1': ada, 'Person-2': bob, 'Person-3': eve, 'Cat-1': cat, 'Dog-1': dog };
}

/** By name and number, such as `Person-1`. */
type Population = ReturnType<typeof population>;
type More = Readonly<Record<string, unknown>>;

function peopleValues(more: More | ((known: Population) => More)): Values {
  const entities = population();
  const { 'Person-1': ada, 'Person-2': bob, 'Person-3': eve, 'Cat-1': cat, 'Dog-1': dog } = entities;
  const root = {
    person: ({ id }: { id: string }) => entities[`Person-${id}`] ?? null,
    people: [ada, bob],
    grid: [[ada, null], [bob]],
    being: cat,
    beings: [ada, null, dog, cat],
    things: [{ __typename: 'Rock', weight: 2.5, owner: eve }, cat, null, ada],
    oldest: ada,
    sure: bob,
    right: 'right',
    given: (args: object) => ({ ...args }),
    must: (args: object) => ({ ...args }),
    ...(typeof more === 'function' ? more(entities) : more),
  };
  return { root, entities };
}

let subject: Subject | undefined;
let current: Parameters<typeof peopleValues>[0] = {};

/** The graph over the population; `more` stands at the root besides or instead, and may change who there is. */
export function people(more: typeof current = {}): Subject {
  current = more;
  subject ??= createSubject({ left: LEFT, right: RIGHT }, () => peopleValues(current));
  return subject;
}
