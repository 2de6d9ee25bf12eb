/**
 * Asks the gateway as a client and as an operator do.
 */
import type { GatewayProcess } from '../../support/gateway-process.ts';

export interface Answer {
  readonly status: number;
  readonly ms: number;
  readonly data?: Record<string, unknown> | null;
  readonly errors?: { message: string; path?: unknown[]; extensions?: { code?: string } }[];
}

export interface GraphClient {
  /** The data of both subgraphs. */
  look(n: number): Promise<Answer>;
  change(id: string): Promise<Answer>;
  /** As readiness tells it. */
  breakerOf(subgraph: string): Promise<string | undefined>;
}

/** No answer at all is a broken promise of its own: it rejects. */
const PATIENCE_MS = 20_000;

export function createClient({ endpoint, url }: GatewayProcess): GraphClient {
  async function ask(query: string, variables: object): Promise<Answer> {
    const started = performance.now();
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const answer = (await response.json()) as Pick<Answer, 'data' | 'errors'>;
    return { ...answer, status: response.status, ms: performance.now() - started };
  }
  return {
    look: (n) => ask('query Look($n: Int!) { things { id name note } echo(n: $n) }', { n }),
    change: (id) => ask('mutation Change($id: ID!) { change(id: $id) }', { id }),
    async breakerOf(subgraph) {
      const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(PATIENCE_MS) });
      const { details } = (await response.json()) as {
        details: { subgraphs: { subgraph: string; breaker: string }[] };
      };
      return details.subgraphs.find((each) => each.subgraph === subgraph)?.breaker;
    },
  };
}
