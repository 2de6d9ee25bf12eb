/**
 * The two questions that every participant is asked.
 */
export interface BenchOperation {
  readonly name: string;
  readonly query: string;
}

/** 16 fetches in the plan of Apollo's planner, and about 87 KB of answer. */
export const deep: BenchOperation = {
  name: 'Deep',
  query: `query Deep {
  users {
    ...Person
    reviews {
      ...Opinion
      product {
        ...Article
        reviews {
          ...Opinion
          author {
            ...Person
            reviews {
              ...Opinion
              product {
                ...Article
              }
            }
          }
        }
      }
    }
  }
  topProducts(first: 5) {
    ...Article
    reviews {
      ...Opinion
      author {
        ...Person
        reviews {
          ...Opinion
          product {
            ...Article
          }
        }
      }
    }
  }
}

fragment Person on User {
  id
  username
  name
}

fragment Opinion on Review {
  id
  body
}

fragment Article on Product {
  upc
  name
  price
  weight
  inStock
  shippingEstimate
}
`,
};

/** One fetch, and a small answer. */
export const fetchOnce: BenchOperation = {
  name: 'Fetch',
  query: `query Fetch {
  topProducts(first: 5) {
    upc
    name
    price
    weight
  }
}
`,
};
