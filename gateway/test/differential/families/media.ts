/**
 * Media: interfaces and unions across subgraphs, `@interfaceObject`, and abstract types inside lists.
 *
 * A field of an interface object that the client asks for one implementation is fetched for all of them, with all that is
 * asked below it. What lies there may be null, so that the fault of a value that nobody asked for costs that value alone.
 */
import type { Family } from './family.ts';

export const media: Family = {
  name: 'media',
  subgraphs: {
    catalogue: `
      interface Media @key(fields: "id") { id: ID! title: String! year: Int creator: Artist }
      type Book implements Media @key(fields: "id") { id: ID! title: String! @shareable year: Int creator: Artist pages: Int! isbn: String }
      type Film implements Media @key(fields: "id") { id: ID! title: String! year: Int creator: Artist minutes: Int parts: [Clip!] }
      type Song implements Media @key(fields: "id") { id: ID! title: String! year: Int creator: Artist key: String! }
      type Clip { at: Int! of: Media next: Clip }
      type Artist @key(fields: "id") { id: ID! name: String works: [Media!] best: Media }
      union Found = Book | Film | Artist | Clip
      interface Named { name: String }
      type Label implements Named { name: String boss: Artist }
      type Studio implements Named { name: String films: [Film]! }
      type Query {
        media(id: ID): Media
        shelf(first: Int = 3): [Media!]!
        found(text: String): [Found]
        nested: [[Found!]]
        named: [Named!]
        book: Book!
      }`,
    ratings: `
      type Media @key(fields: "id") @interfaceObject { id: ID! rating: Float votes: [Vote] rank(among: Int): Int! }
      type Vote { value: Int media: Media voter: String comment: Comment }
      type Comment { text: String about: [Media] }
      type Query { top(first: Int): [Media!] worst: Media latestVotes: [Vote] }`,
    sales: `
      type Book @key(fields: "id") { id: ID! title: String! @external sold: Int editions: [Edition!] }
      type Film @key(fields: "id") { id: ID! box: Float! cinema: Cinema }
      type Edition { number: Int! price: Float book: Book! }
      type Cinema { name: String! shows: [Film] }
      union Sellable = Book | Film
      type Query { bestseller: Sellable sellables: [Sellable!]! promoted: [Sellable] @provides(fields: "... on Book { title }") }`,
    artists: `
      type Artist @key(fields: "id") { id: ID! born: Int country: String! peers: [Artist!] award: Award }
      interface Award { year: Int! winner: Artist }
      type Prize implements Award { year: Int! winner: Artist money: Float! }
      type Medal implements Award { year: Int! winner: Artist metal: Metal }
      enum Metal { GOLD SILVER BRONZE }
      type Query { awards: [Award]! artist: Artist }`,
  },
};
