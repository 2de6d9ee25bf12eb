/**
 * A ship: arguments that come from a context above (`@context`, `@fromContext`), and entities that reach a subgraph by
 * different keys in one answer.
 */
import type { Family } from './family.ts';

export const ship: Family = {
  name: 'ship',
  subgraphs: {
    fleet: `
      type Ship @key(fields: "id") @context(name: "vessel") {
        id: ID!
        flag: String!
        tons: Int
        captain: Sailor
        crew(first: Int): [Sailor!]
        decks: [Deck]!
      }
      type Sailor @key(fields: "id") { id: ID! name: String mate: Sailor mates: [[Sailor]!] pay: Float! }
      type Deck { number: Int! cabins: [Cabin!] }
      type Cabin @key(fields: "id") {
        id: ID!
        view(far: Boolean, flag: String @fromContext(field: "$vessel { flag }")): String
        price(tons: Int @fromContext(field: "$vessel { tons }")): Float
        guest: Sailor
      }
      type Query { ship(id: ID): Ship ships: [Ship!]! }`,
    harbour: `
      type Ship @key(fields: "id") { id: ID! berth: Berth dues(days: Int = 1): Float! }
      type Berth { number: Int! ship: Ship! neighbours: [Berth] }
      type Cabin @key(fields: "id") { id: ID! clean: Boolean stars: Int! }
      type Sailor @key(fields: "id") { id: ID! shore: Berth leave: [Int]! }
      type Query { berths: [Berth!] berth(number: Int!): Berth }`,
  },
};
