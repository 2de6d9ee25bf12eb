/**
 * Asks a gateway over connections that are kept, and reads what it says of itself.
 */
import { Pool } from 'undici';

const REQUEST_MS = 10_000;

export interface AskOptions {
  readonly variables?: Readonly<Record<string, unknown>>;
  /** An access token; without one nobody in particular asks. */
  readonly token?: string;
}

export interface GatewayClient {
  /** The parsed answer. Throws when there is none, or none with status 200. */
  ask(query: string, options?: AskOptions): Promise<{ readonly data?: unknown; readonly errors?: unknown }>;
  /** What health tells of the supergraph. */
  supergraph(): Promise<{ readonly version: string; readonly faults: number }>;
  /** The value of a metric without labels of its own. */
  metric(name: string): Promise<number>;
  close(): Promise<void>;
}

export function createGatewayClient(origin: string, connections: number): GatewayClient {
  const pool = new Pool(origin, { connections, headersTimeout: REQUEST_MS, bodyTimeout: REQUEST_MS });
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  const get = async (path: string) => (await pool.request({ path, method: 'GET' })).body;
  return {
    async ask(query, { variables, token } = {}) {
      const { statusCode, body } = await pool.request({
        path: '/graphql',
        method: 'POST',
        headers: token === undefined ? headers : { ...headers, authorization: `Bearer ${token}` },
        body: JSON.stringify({ query, variables }),
      });
      const text = await body.text();
      if (statusCode !== 200) throw new Error(`status ${statusCode}: ${text.slice(0, 500)}`);
      return JSON.parse(text);
    },
    async supergraph() {
      const { details } = (await (await get('/health/ready')).json()) as {
        details: { supergraph: { version: string; faults: number } };
      };
      return details.supergraph;
    },
    async metric(name) {
      const line = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(await (await get('/metrics')).text());
      return Number(line?.[1]);
    },
    close: () => pool.close(),
  };
}
