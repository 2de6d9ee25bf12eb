/**
 * The shop that the bench's graph tells about: objects whose methods are the resolvers of fields with arguments.
 *
 * All subgraphs and the expected answer read these same objects. Nothing here is random, so that every run asks the same.
 */
const USERS = 6;
const REVIEWS = 25;
const TOP_PRODUCTS = 8;
/** Further products, for long lists only: nobody has reviewed them. */
const ALL_PRODUCTS = 5_000;

export interface User {
  readonly __typename: 'User';
  readonly id: string;
  readonly username: string;
  readonly name: string;
  readonly memberSince: string;
  reviews(args: { first: number }): Review[];
}
export interface Product {
  readonly __typename: 'Product';
  readonly upc: string;
  readonly name: string;
  readonly price: number;
  readonly weight: number;
  readonly inStock: boolean;
  description(args: { characters: number }): string;
  shippingEstimate(): number;
  reviews(args: { first: number }): Review[];
}
export interface Review {
  readonly __typename: 'Review';
  readonly id: string;
  readonly body: string;
  author(): User;
  product(): Product;
}

const goods = ['kettle', 'lantern', 'notebook', 'rucksack', 'spade', 'teapot', 'umbrella', 'whistle'];
const opinions = [
  'does what it should',
  'arrived a day early',
  'a gift that was liked',
  'heavier than it looks',
  'would buy it again',
];

const at = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

const users: User[] = Array.from({ length: USERS }, (_, index) => ({
  __typename: 'User',
  id: `u${index + 1}`,
  username: `reader-${index + 1}`,
  name: `Reader Number ${index + 1}`,
  memberSince: `20${10 + index}-03-0${1 + (index % 9)}`,
  reviews: ({ first }) => reviews.filter((review) => review.author().id === `u${index + 1}`).slice(0, first),
}));

const products: Product[] = Array.from({ length: ALL_PRODUCTS }, (_, index) => ({
  __typename: 'Product',
  upc: `p${index + 1}`,
  name: `A ${at(goods, index)} of size ${1 + (index % 12)}`,
  price: 100 + ((index * 37) % 1_900),
  weight: 50 + ((index * 113) % 1_200),
  inStock: index % 3 !== 2,
  description: ({ characters }) =>
    at(opinions, index)
      .concat(', ')
      .repeat(Math.ceil(characters / 10))
      .slice(0, characters),
  shippingEstimate() {
    return estimateShipping(this);
  },
  reviews: ({ first }) => reviews.filter((review) => review.product().upc === `p${index + 1}`).slice(0, first),
}));

const reviews: Review[] = Array.from({ length: REVIEWS }, (_, index) => ({
  __typename: 'Review',
  id: `r${index + 1}`,
  body: `Number ${index + 1}: ${at(opinions, index)}.`,
  author: () => at(users, index),
  product: () => products[(index * 3) % TOP_PRODUCTS] as Product,
}));

/** What a parcel costs. It needs fields that another subgraph owns, so whoever forgets to send them is found out. */
export function estimateShipping({ price, weight }: { price: number; weight: number }): number {
  return price > 1_000 ? 0 : Math.round(weight / 2);
}

/** Resolvers of the root fields of all subgraphs. */
export const root = {
  users: () => users,
  user: ({ id }: { id: string }) => users.find((user) => user.id === id) ?? null,
  topProducts: ({ first }: { first: number }) => products.slice(0, first),
};

const entities = new Map<string, User | Product | Review>([
  ...users.map((user) => [`User:${user.id}`, user] as const),
  ...products.map((product) => [`Product:${product.upc}`, product] as const),
  ...reviews.map((review) => [`Review:${review.id}`, review] as const),
]);

/** Representations of one type carry the same keys everywhere: `id`, or `upc` for products. */
export function findEntity(representation: Record<string, unknown>): User | Product | Review | null {
  return entities.get(`${representation.__typename}:${representation.upc ?? representation.id}`) ?? null;
}
