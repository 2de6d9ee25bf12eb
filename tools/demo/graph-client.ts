/**
 * A client of the gateway in two functions, for the launcher and the smoke test: one request, one subscription.
 */
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

const requestTimeoutMs = 10_000;

export interface GraphClient {
  /** Throws with the first error's message when the answer holds errors. */
  request<Data>(query: string, variables?: Record<string, unknown>): Promise<Data>;
  /** Yields each event's data; ends with the subscription, throws on its errors and after `timeoutMs`. */
  subscribe<Data>(query: string, variables: Record<string, unknown>, timeoutMs: number): AsyncGenerator<Data>;
}

/** `url` is the gateway's GraphQL address, `token` an access token or undefined for an anonymous client. */
export function createGraphClient(url: string, token?: string): GraphClient {
  const authorization = token === undefined ? undefined : `Bearer ${token}`;
  return {
    async request<Data>(query: string, variables: Record<string, unknown> = {}) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
        body: JSON.stringify({ query, variables }),
        signal: AbortSignal.timeout(requestTimeoutMs),
      });
      const { data, errors } = (await response.json()) as { data?: Data; errors?: { message: string }[] };
      if (errors?.[0] || !data) throw new Error(errors?.[0]?.message ?? `HTTP ${response.status} without data`);
      return data;
    },
    async *subscribe<Data>(query: string, variables: Record<string, unknown>, timeoutMs: number) {
      const client = createClient({
        url: url.replace(/^http/, 'ws'),
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        connectionParams: { ...(authorization && { authorization }) },
      });
      const timer = setTimeout(() => client.terminate(), timeoutMs);
      try {
        for await (const { data, errors } of client.iterate<Data>({ query, variables })) {
          if (errors?.[0]) throw new Error(errors[0].message);
          if (data) yield data;
        }
      } finally {
        clearTimeout(timer);
        await client.dispose();
      }
    },
  };
}

/** Signs in and returns a client with that person's token. Throws when the account does not exist. */
export async function signIn(url: string, email: string, password: string): Promise<GraphClient & { token: string }> {
  type Answer = { signIn: { __typename: string; accessToken?: string; message?: string } };
  const { signIn: result } = await createGraphClient(url).request<Answer>(
    `mutation SignIn($input: SignInInput!) {
      signIn(input: $input) {
        __typename
        ... on Session { accessToken }
        ... on InvalidCredentials { message }
      }
    }`,
    { input: { email, password } },
  );
  if (!result.accessToken) throw new Error(`${email} cannot sign in: ${result.message ?? result.__typename}`);
  return { ...createGraphClient(url, result.accessToken), token: result.accessToken };
}
