/**
 * A zoo: one interface whose fields come from different subgraphs, type by type; unions that differ by subgraph; keys
 * that differ by subgraph; a field that moved by `@override` with a label; `@tag`.
 */
import type { Family } from './family.ts';

export const zoo: Family = {
  name: 'zoo',
  subgraphs: {
    animals: `
      interface Animal { id: ID! name: String! age: Int friend: Animal }
      type Cat implements Animal @key(fields: "id") { id: ID! name: String! age: Int @shareable friend: Animal lives: Int! cage: Cage }
      type Dog implements Animal @key(fields: "id") { id: ID! name: String! age: Int @external friend: Animal barks: Boolean tricks(hard: Boolean): [Trick!] }
      type Bird implements Animal @key(fields: "id") { id: ID! name: String! age: Int friend: Animal wings: [Float!]! }
      type Trick @shareable { name: String! level: Int }
      type Cage @key(fields: "id") { id: ID! guests: [Animal] size: Size! }
      type Size { w: Float! h: Float! }
      union Guest = Cat | Dog
      type Query { animals: [Animal] animal(id: ID): Animal! guest: Guest guests: [Guest!]! cages: [Cage!] @tag(name: "public") }`,
    care: `
      type Cat @key(fields: "id") { id: ID! age: Int @shareable meals: [Meal] keeper: Keeper! }
      type Dog @key(fields: "id") { id: ID! age: Int meals: [Meal] keeper: Keeper walks: Int! }
      type Bird @key(fields: "id") { id: ID! meals: [Meal!]! song: String @override(from: "shows") }
      type Meal { food: Food! grams: Int eater: Eater }
      union Eater = Cat | Dog | Bird
      union Food = Fish | Seed
      type Fish { species: String! scales: Int }
      type Seed { plant: String species: String }
      type Keeper @key(fields: "id") { id: ID! name: String! charges: [Eater!]! deputy: Keeper cage: Cage }
      type Cage @key(fields: "id") { id: ID! keeper: Keeper }
      type Query { keeper: Keeper meals(first: Int = 2): [Meal!] eaters: [Eater] }`,
    shows: `
      type Dog @key(fields: "id") { id: ID! tricks(hard: Boolean): [Trick!] @override(from: "animals", label: "percent(5)") fame: Int }
      type Bird @key(fields: "id") { id: ID! song: String fame: Int! }
      type Keeper @key(fields: "id") { id: ID! show: Show }
      type Trick @shareable { name: String! level: Int }
      type Show { stars: [Star!] host: Keeper! by: [[Star]!] }
      union Star = Dog | Bird
      type Query { shows: [Show] star: Star! }`,
  },
};
