/**
 * A shop: compound and multiple keys, `@requires` with nested selections, `@provides`, `@shareable`, `@override`,
 * `@inaccessible`, enums, custom scalars, arguments and input objects.
 */
import type { Family } from './family.ts';

const DIMENSIONS = `
  enum Unit { CM INCH }
  type Part @shareable { n: Int! label: String inner: Part }
  type Dimensions @shareable { width: Float height: Float! unit: Unit! parts: [Part!] grid: [[Part]!] }
`;

export const shop: Family = {
  name: 'shop',
  dangling: { Person: ['people'] },
  subgraphs: {
    products: `${DIMENSIONS}
      scalar DateTime
      scalar JSON
      enum Currency { EUR USD GBP }
      enum Condition { NEW USED WORN }
      input Range { from: Float to: Float = 100 }
      input ProductFilter { text: String price: Range conditions: [Condition!] not: ProductFilter }
      type Product @key(fields: "id") @key(fields: "sku brand") {
        id: ID!
        sku: String!
        brand: String!
        name: String!
        title(upper: Boolean = false): String
        price(currency: Currency! = EUR): Float
        weight: Float
        size: Dimensions
        tags: [String]
        words: [String!]!
        matrix: [[Int!]]!
        deep: [[[Boolean]!]!]
        related(first: Int = 2, filter: ProductFilter): [Product!]
        twin: Product
        condition: Condition
        conditions: [Condition!]
        created: DateTime!
        meta: JSON
        secret: String @inaccessible
        old: String
        score: Int!
        owner: Person
      }
      type Person @key(fields: "id", resolvable: false) { id: ID! }
      type Query {
        product(id: ID, filter: ProductFilter): Product
        products(first: Int, filters: [ProductFilter!], created: DateTime): [Product!]!
        maybe: [Product]
        sure: Product!
        rows(of: Int! = 3): [[Product]]
        hidden: String @inaccessible
        version: String! @shareable
        anything(meta: JSON, ids: [ID!]): JSON
      }`,
    stock: `${DIMENSIONS}
      type Product @key(fields: "sku brand") {
        sku: String!
        brand: String!
        weight: Float @external
        size: Dimensions @external
        shipping(zone: String): Float @requires(fields: "weight size { width unit parts { n inner { label } } }")
        box: Box! @requires(fields: "size { height }")
        inStock: Boolean!
        held: [Warehouse!]
        best: Warehouse
        score: Int! @override(from: "products")
      }
      type Box { label: String! volume: Float layers: [Dimensions!] product: Product }
      type Warehouse @key(fields: "code area { zone }") {
        code: Int!
        area: Area!
        name: String
        holds(first: Int): [Product]
      }
      type Area @shareable { zone: String! country: String }
      type Query { warehouses: [Warehouse!] warehouse(code: Int!): Warehouse version: String! @shareable }`,
    geography: `
      type Warehouse @key(fields: "code area { zone }") { code: Int! area: Area! city: String! near: [Warehouse!]! }
      type Area @shareable { zone: String! country: String }
      type Query { cities(prefix: String): [Warehouse]! }`,
    reviews: `
      type Product @key(fields: "id") { id: ID! reviews(first: Int = 3, stars: [Int!]): [Review] rating: Float! }
      type Review @key(fields: "id") {
        id: ID!
        stars: Int!
        text: String
        author: Person @provides(fields: "name")
        editor: Person!
        product: Product!
      }
      type Person @key(fields: "id") { id: ID! name: String @external reviews: [Review!] karma: Int! }
      type Query { review(id: ID!): Review latest: [Review!]! critic: Person @provides(fields: "name") }`,
    people: `
      type Person @key(fields: "id") { id: ID! name: String @shareable email: String! friends: [Person] address: Address }
      type Address { street: String! city: City }
      type City { name: String! mayor: Person }
      type Query { person(id: ID): Person people: [Person!] }`,
  },
};
