/**
 * A guild: `@interfaceObject` with `@requires`, an entity interface with several keys, contexts that several types give,
 * what is `@inaccessible` among types, arguments and fields of inputs, `@provides` through lists and interfaces, fields
 * that moved by `@override` (with a label too) and require something.
 */
import type { Family } from './family.ts';

export const guild: Family = {
  name: 'guild',
  subgraphs: {
    roll: `
      interface Member @key(fields: "id") @key(fields: "code") { id: ID! code: Int! name: String rank: Int! sponsor: Member }
      type Smith implements Member @key(fields: "id") @key(fields: "code") { id: ID! code: Int! name: String rank: Int! sponsor: Member forge: Forge age(in: Era): Int heat: Float! tools: [Tool!] }
      type Mason implements Member @key(fields: "id") @key(fields: "code") { id: ID! code: Int! name: String rank: Int! sponsor: Member stones(of: Stones): [Int] age(in: Era): Int }
      type Forge { fires: Int! smith: Smith mark: String place: Place }
      type Place { street: String! city: String guard: Member }
      type Tool { weight: Float! made: Member tag: String @tag(name: "t") }
      type Secret @inaccessible { word: String }
      enum Era { OLD NEW LOST @inaccessible }
      input Stones { big: Boolean = true colour: String @inaccessible inner: Stones }
      type Query {
        member(id: ID, hidden: Int @inaccessible): Member
        members(first: Int): [Member!]!
        smiths: [Smith]
        masons: [[Mason!]]
        secret: Secret @inaccessible
      }
      type Mutation { admit(stones: Stones, era: Era! = OLD): Member }`,
    dues: `
      type Member @key(fields: "id") @interfaceObject {
        id: ID!
        name: String @external
        rank: Int! @external
        fee(year: Int): Float @requires(fields: "rank")
        letter: String @requires(fields: "name rank")
        owes: Float
        payments(first: Int): [Payment]
      }
      type Payment @key(fields: "number") { number: ID! amount: Float! by: Member late: Boolean @shareable }
      type Query { debtors: [Member] payment: Payment! payments: [Payment!] }
      type Mutation { pay(amount: Float!): Payment! }`,
    workshops: `
      type Smith @key(fields: "id") @context(name: "owner") {
        id: ID!
        rank: Int! @external
        forge: Forge @external
        heat: Float! @override(from: "roll")
        age(in: Era): Int @override(from: "roll", label: "percent(25)")
        glow: String @requires(fields: "forge { fires place { street } } rank")
        benches: [Bench!]
        pupils: [Smith]
      }
      type Mason @key(fields: "id") @context(name: "owner") { id: ID! benches: [Bench] lodge: Lodge yards: [[Lodge!]!] }
      type Lodge @key(fields: "sign") @context(name: "owner") { sign: ID! id: ID! bench: Bench! master: Mason open: Boolean }
      type Bench @key(fields: "id") { id: ID! cost(owner: ID @fromContext(field: "$owner { id }"), times: Int): Float length: Int! next: Bench }
      type Forge { fires: Int! @external place: Place @external }
      type Place { street: String! @external }
      enum Era { OLD NEW }
      type Query { lodges: [Lodge!] lodge: Lodge firstSmith: Smith! }`,
    archive: `
      interface Named { title: String }
      type Bench @key(fields: "id") { id: ID! history: [Entry!] }
      type Payment @key(fields: "number") { number: ID! late: Boolean @external note: String record: Entry }
      type Entry { text: String! about: [Named] author: Mason }
      type Scroll implements Named { title: String length: Int! payment: Payment }
      type Seal implements Named @key(fields: "id") { id: ID! title: String @shareable }
      type Mason @key(fields: "code") { code: Int! lines: [String!] entries: [Entry] }
      type Query { entries: [Entry] named: [Named!] lates: [Payment] @provides(fields: "late") seals: [Seal] }`,
    seals: `
      type Seal @key(fields: "id") { id: ID! title: String @shareable colour: Colour! pair: Seal }
      enum Colour { RED BLUE }
      type Query { best: Seal }`,
  },
};
