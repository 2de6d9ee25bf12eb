/**
 * A workshop: `@requires` with arguments, fragments and chains, several `@requires` on one entity, and mutations in
 * sequence across subgraphs.
 */
import type { Family } from './family.ts';

export const workshop: Family = {
  name: 'workshop',
  subgraphs: {
    parts: `
      type Item @key(fields: "id") {
        id: ID!
        label(lang: Lang = EN): String
        cost(currency: String): Float
        stats: Stats
        kind: Kind
        things: [Thing]
        parent: Item
        children(first: Int): [Item!]
      }
      type Kit @key(fields: "id") { id: ID! weight: Int next: Kit items: [Item] }
      enum Lang { EN DE FR }
      type Stats { a: Int b: Int! c(by: Int = 1): Float history: [Stats!] }
      interface Thing { weight: Int }
      type Bolt implements Thing { weight: Int thread: String }
      type Plate implements Thing { weight: Int area: Float }
      union Kind = Bolt | Plate
      type Query { item(id: ID): Item items(first: Int): [Item!] grid: [[Item]!] kits: [Kit!] }
      type Mutation { addPart(name: String!): Item renamePart(id: ID!, to: Names): Item! touch: Int! log(text: String): [String!] }
      input Names { en: String! de: String = "neu" more: [String] }`,
    pricing: `
      type Item @key(fields: "id") {
        id: ID!
        cost(currency: String): Float @external
        label(lang: Lang = EN): String @external
        stats: Stats @external
        kind: Kind @external
        net: Float @requires(fields: "cost(currency: \\"EUR\\")")
        tag: String @requires(fields: "label(lang: DE) stats { a c(by: 2) }")
        shape(deep: Boolean): String! @requires(fields: "kind { ... on Bolt { thread } ... on Plate { area weight } }")
        plain: Int
        margin: Float @requires(fields: "stats { a }")
        band(wide: Boolean): Band @requires(fields: "cost(currency: \\"EUR\\")")
      }
      type Band { low: Float high: Float! lang: Lang items: [Item] }
      type Kit @key(fields: "id") { id: ID! weight: Int @external fee: Float @requires(fields: "weight") spare: Kit }
      enum Lang { EN DE FR }
      type Stats { a: Int @external c(by: Int = 1): Float @external }
      interface Thing { weight: Int }
      type Bolt implements Thing { weight: Int @external thread: String @external }
      type Plate implements Thing { weight: Int @external area: Float @external }
      union Kind = Bolt | Plate
      type Query { priced: [Item] pricedKits: [Kit!] }
      type Mutation { setPrice(id: ID!, price: Float): Item reprice: Receipt! }
      type Receipt { number: Int! lines: [Line!] }
      type Line { item: Item! amount: Float }`,
    planning: `
      type Item @key(fields: "id") {
        id: ID!
        plain: Int @external
        margin: Float @external
        cost(currency: String): Float @external
        band(wide: Boolean): Band @external
        offer: String @requires(fields: "plain margin")
        range: String @requires(fields: "band(wide: true) { low high lang }")
        local: Float @requires(fields: "cost(currency: \\"USD\\")")
        due: Due
      }
      type Kit @key(fields: "id") {
        id: ID!
        fee: Float @external
        weight: Int @external
        total: String @requires(fields: "fee weight")
        bonus: [Kit]
      }
      type Band { low: Float @external high: Float! @external lang: Lang @external }
      enum Lang { EN DE FR }
      type Due { kit: Kit day: Int! items: [Item!] previous: Due }
      type Query { due: [Due!]! }
      type Mutation { plan(day: Int = 7): Due postpone(by: Int!): [Item]! }`,
  },
};
