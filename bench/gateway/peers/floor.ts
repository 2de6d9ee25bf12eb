/**
 * What a person would write by hand for these two operations and nothing else: the floor that gateways are compared with.
 *
 * The fetches of the plan with undici, identical representations sent once, merged and written by hand. Nothing is
 * validated, limited, authenticated or counted. The variant `dedupe` shares identical fetches that are under way.
 */
import { createServer, type IncomingMessage } from 'node:http';
import { Pool } from 'undici';
import type { SubgraphName } from '../graph/contracts.ts';
import { readSettings } from './settings.ts';

interface User {
  id: string;
  username: string;
  name: string;
}
interface Product {
  upc: string;
  name: string;
  price: number;
  weight: number;
  inStock: boolean;
  shippingEstimate: number;
}
interface Review {
  id: string;
  body: string;
}
type LeafReview = Review & { product: { upc: string } };
type AuthoredReview = Review & { author: { id: string; reviews: LeafReview[] } };
type UserReview = Review & { product: { upc: string; reviews: AuthoredReview[] } };
interface Answers {
  users: User[];
  topProducts: Product[];
  // biome-ignore lint/suspicious/noExplicitAny: what an entity is depends on the fetch; each place below knows.
  _entities: any[];
}

const { port, urls, variant } = readSettings();
const share = variant === 'dedupe';
const underWay = new Map<string, Promise<Answers>>();
const pools = Object.fromEntries(
  Object.entries(urls).map(([name, url]) => [name, new Pool(new URL(url).origin, { connections: 64, pipelining: 1 })]),
) as Record<SubgraphName, Pool>;

async function send(subgraph: SubgraphName, body: string): Promise<Answers> {
  const response = await pools[subgraph].request({
    method: 'POST',
    path: '/graphql',
    headers: { 'content-type': 'application/json' },
    body,
  });
  return (JSON.parse(await response.body.text()) as { data: Answers }).data;
}

function ask(subgraph: SubgraphName, body: string): Promise<Answers> {
  if (!share) return send(subgraph, body);
  const key = `${subgraph} ${body}`;
  let answer = underWay.get(key);
  if (!answer) {
    answer = send(subgraph, body).finally(() => underWay.delete(key));
    underWay.set(key, answer);
  }
  return answer;
}

const root = (query: string) => JSON.stringify({ query });
const entities = (type: string, fields: string) =>
  `{"query":${JSON.stringify(`query($representations:[_Any!]!){_entities(representations:$representations){...on ${type}{${fields}}}}`)},"variables":{"representations":[`;

const USERS = root('{users{__typename id username name}}');
const TOP_PRODUCTS = root('{topProducts(first:5){__typename upc name price weight}}');
const FETCH = root('{topProducts(first:5){upc name price weight}}');
const LEAF = 'reviews{id body product{__typename upc}}';
const USER_REVIEWS = entities(
  'User',
  `reviews{id body product{__typename upc reviews{id body author{__typename id ${LEAF}}}}}`,
);
const PRODUCT_REVIEWS = entities('Product', `reviews{id body author{__typename id ${LEAF}}}`);
const NAMES = entities('User', 'username name');
const STOCK = entities('Product', 'inStock');
const PRODUCTS = entities('Product', 'name price weight');
const SHIPPING = entities('Product', 'shippingEstimate');
const STOCK_AND_SHIPPING = entities('Product', 'inStock shippingEstimate');

const user = (id: string) => `{"__typename":"User","id":"${id}"}`;
const product = (upc: string) => `{"__typename":"Product","upc":"${upc}"}`;
const parcel = ({ upc, price, weight }: { upc: string; price: number; weight: number }) =>
  `{"__typename":"Product","price":${price},"weight":${weight},"upc":"${upc}"}`;

async function findUsers(ids: Set<string>): Promise<Map<string, User>> {
  const list = [...ids];
  const { _entities } = await ask('accounts', `${NAMES}${list.map(user).join(',')}]}}`);
  return new Map(
    list.map((id, index) => [id, { id, username: _entities[index].username, name: _entities[index].name }]),
  );
}

/** Three fetches: two at once, and shipping when price and weight are known. */
async function findProducts(upcs: Set<string>): Promise<Map<string, Product>> {
  const list = [...upcs];
  const representations = `${list.map(product).join(',')}]}}`;
  const withShipping = async () => {
    const found = (await ask('products', `${PRODUCTS}${representations}`))._entities;
    const parcels = list.map((upc, index) => parcel({ upc, price: found[index].price, weight: found[index].weight }));
    return { found, shipping: (await ask('inventory', `${SHIPPING}${parcels.join(',')}]}}`))._entities };
  };
  const [stock, { found, shipping }] = await Promise.all([
    ask('inventory', `${STOCK}${representations}`),
    withShipping(),
  ]);
  return new Map(
    list.map((upc, index) => {
      const { name, price, weight } = found[index];
      const { inStock } = stock._entities[index];
      return [upc, { upc, name, price, weight, inStock, shippingEstimate: shipping[index].shippingEstimate }];
    }),
  );
}

function collect(reviews: AuthoredReview[], authors: Set<string>, products: Set<string>): void {
  for (const { author } of reviews) {
    authors.add(author.id);
    for (const leaf of author.reviews) products.add(leaf.product.upc);
  }
}

function shape(reviews: AuthoredReview[], authors: Map<string, User>, products: Map<string, Product>): unknown[] {
  return reviews.map(({ id, body, author }) => {
    const { username, name } = authors.get(author.id) as User;
    const written = author.reviews.map((leaf) => ({
      id: leaf.id,
      body: leaf.body,
      product: products.get(leaf.product.upc),
    }));
    return { id, body, author: { id: author.id, username, name, reviews: written } };
  });
}

async function usersSide(): Promise<unknown[]> {
  const { users } = await ask('accounts', USERS);
  const found = await ask('reviews', `${USER_REVIEWS}${users.map(({ id }) => user(id)).join(',')}]}}`);
  const reviewsOf = (found._entities as { reviews: UserReview[] }[]).map(({ reviews }) => reviews);
  const [reviewed, leaves, authorIds] = [new Set<string>(), new Set<string>(), new Set<string>()];
  for (const reviews of reviewsOf) {
    for (const review of reviews) {
      reviewed.add(review.product.upc);
      collect(review.product.reviews, authorIds, leaves);
    }
  }
  const [products, authors, leafProducts] = await Promise.all([
    findProducts(reviewed),
    findUsers(authorIds),
    findProducts(leaves),
  ]);
  return users.map(({ id, username, name }, index) => ({
    id,
    username,
    name,
    reviews: (reviewsOf[index] as UserReview[]).map((review) => {
      const { upc, name, price, weight, inStock, shippingEstimate } = products.get(review.product.upc) as Product;
      const reviews = shape(review.product.reviews, authors, leafProducts);
      return {
        id: review.id,
        body: review.body,
        product: { upc, name, price, weight, inStock, shippingEstimate, reviews },
      };
    }),
  }));
}

async function productsSide(): Promise<unknown[]> {
  const { topProducts } = await ask('products', TOP_PRODUCTS);
  const withReviews = async () => {
    const body = `${PRODUCT_REVIEWS}${topProducts.map(({ upc }) => product(upc)).join(',')}]}}`;
    const found = (await ask('reviews', body))._entities as { reviews: AuthoredReview[] }[];
    const [leaves, authorIds] = [new Set<string>(), new Set<string>()];
    for (const { reviews } of found) collect(reviews, authorIds, leaves);
    const [authors, leafProducts] = await Promise.all([findUsers(authorIds), findProducts(leaves)]);
    return found.map(({ reviews }) => shape(reviews, authors, leafProducts));
  };
  const [reviewsOf, parcels] = await Promise.all([
    withReviews(),
    ask('inventory', `${STOCK_AND_SHIPPING}${topProducts.map(parcel).join(',')}]}}`),
  ]);
  return topProducts.map(({ upc, name, price, weight }, index) => {
    const { inStock, shippingEstimate } = parcels._entities[index];
    return { upc, name, price, weight, inStock, shippingEstimate, reviews: reviewsOf[index] };
  });
}

async function answer(body: string): Promise<string> {
  const { query } = JSON.parse(body) as { query: string };
  if (query.startsWith('query Deep')) {
    const [users, topProducts] = await Promise.all([usersSide(), productsSide()]);
    return JSON.stringify({ data: { users, topProducts } });
  }
  if (query.startsWith('query Fetch')) return JSON.stringify({ data: await ask('products', FETCH) });
  return '{"data":{"__typename":"Query"}}';
}

function readBody(req: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let body = '';
    req.setEncoding('utf8');
    req.on('data', (chunk: string) => (body += chunk));
    req.once('end', () => resolve(body));
    req.once('error', reject);
  });
}

createServer((req, res) => {
  readBody(req)
    .then(answer)
    .then((text) => {
      res.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
    })
    .catch(() => res.destroy());
}).listen(port, '127.0.0.1');
