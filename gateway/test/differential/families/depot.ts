/**
 * A depot: keys with objects that may be null, in which a client's own fields may fail; keys and `@requires` that read the
 * same object; two `@requires` of one field with different arguments; lists and abstract types inside of what is required;
 * keys that are not resolvable beside keys that are.
 */
import type { Family } from './family.ts';

export const depot: Family = {
  name: 'depot',
  subgraphs: {
    storage: `
      type Crate @key(fields: "site { code } number") {
        site: Site
        number: Int!
        load(unit: Unit! = KG, gross: Boolean): Float
        seals: [Seal]
        layers: [[Layer!]]
        holds: Content
        marks(first: Int): [Mark!]
        below: Crate
        rack: Rack!
      }
      type Site { code: ID! @shareable label: String! manager: Keeper! plan: Plan zone: String }
      type Plan { floor: Int! crate: Crate! }
      type Rack { slot: Int! level: Float crates(first: Int): [Crate!] }
      type Seal { number: Int! intact: Boolean! owner: Keeper crate: Crate }
      type Layer { depth: Int! note: String! seal: Seal }
      interface Mark { text: String! colour: String }
      type Stamp implements Mark { text: String! colour: String year: Int! }
      type Label implements Mark { text: String! colour: String lines: [String!] }
      union Content = Liquid | Parts
      type Liquid { litres: Float! name: String }
      type Parts { count: Int pieces: [Crate!]! name: String }
      enum Unit { KG LB }
      type Keeper @key(fields: "id", resolvable: false) @key(fields: "badge") { id: ID! badge: Int! desk: String }
      type Query { crate(number: Int): Crate crates: [Crate!] rows: [[Crate]!]! keeper: Keeper }
      type Mutation { move(to: Int!): Crate seal(crate: ID): Seal! }`,
    freight: `
      type Crate @key(fields: "site { code } number") {
        site: Site
        number: Int!
        load(unit: Unit! = KG, gross: Boolean): Float @external
        seals: [Seal] @external
        layers: [[Layer!]] @external
        holds: Content @external
        marks(first: Int): [Mark!] @external
        rack: Rack! @external
        toll: Float @requires(fields: "load(unit: KG)")
        fee: Float! @requires(fields: "load(unit: LB, gross: true)")
        tariff(zone: String): String @requires(fields: "site { zone } load(unit: KG) rack { slot }")
        risk: Int @requires(fields: "seals { number } layers { depth seal { number } }")
        danger: String @requires(fields: "holds { ... on Liquid { litres } ... on Parts { count } } marks(first: 2) { colour ... on Stamp { year } }")
        paint: String @requires(fields: "marks(first: 1) { colour }")
        truck: Truck
      }
      type Site { code: ID! @shareable zone: String @external }
      type Rack { slot: Int! @external }
      type Seal { number: Int! @external }
      type Layer { depth: Int! @external seal: Seal @external }
      interface Mark { colour: String }
      type Stamp implements Mark { colour: String @external year: Int! @external }
      type Label implements Mark { colour: String @external }
      union Content = Liquid | Parts
      type Liquid { litres: Float! @external }
      type Parts { count: Int @external }
      enum Unit { KG LB }
      type Truck @key(fields: "plate") { plate: ID! crates: [Crate] driver: Keeper next: Truck }
      type Keeper @key(fields: "badge") { badge: Int! licence: String! trucks: [Truck!] }
      type Query { trucks: [Truck!] truck: Truck! loaded: [Crate] }
      type Mutation { drive(plate: ID!): Truck }`,
    audit: `
      type Crate @key(fields: "site { code } number") {
        site: Site
        number: Int!
        toll: Float @external
        risk: Int @external
        truck: Truck @external
        report: Report @requires(fields: "toll risk truck { plate }")
        checked: Boolean!
      }
      type Site { code: ID! @shareable }
      type Report { lines: [Line!] by: Keeper! crate: Crate }
      type Line { text: String! amount: Float crate: Crate! }
      type Truck @key(fields: "plate") { plate: ID! reports: [Report!] }
      type Keeper @key(fields: "id") @key(fields: "badge") { id: ID! badge: Int! name: String! crates: [Crate] }
      type Query { reports: [Report] audited: [Crate!] }`,
  },
};
