/**
 * A gateway in process over the test's subgraphs, with keys of its own, on loopback. Sockets, tokens and files are real.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ACCESS_TOKEN_AUDIENCE, ACCESS_TOKEN_ISSUER, type Viewer } from '@lyceum/contracts';
import { createLifecycle, createLogger, listenOn, loadEnv } from '@lyceum/service-kit';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { GatewayEnv } from '../src/config.ts';
import { openResources, type Resources } from '../src/resources.ts';
import { createGatewayServer } from '../src/server.ts';
import { CLAIMS_SECRET, startSubgraphs, type TestSubgraphs } from './subgraphs.ts';

export interface TokenOptions {
  readonly viewerId?: string;
  readonly sessionId?: string;
  readonly roles?: Viewer['roles'];
  readonly expiresInSeconds?: number;
  /** Signs with a key that is not published. */
  readonly forged?: boolean;
}

export interface TestGateway {
  readonly url: string;
  readonly origin: string;
  readonly subgraphs: TestSubgraphs;
  token(options?: TokenOptions): Promise<string>;
  /** Sends the operation by POST. */
  ask(query: string, options?: AskOptions): Promise<Answer>;
  /** Replaces the policy file; takes effect a moment later. */
  setPolicy(yaml: string): Promise<void>;
  /** Replaces the supergraph file; takes effect a moment later. */
  setSupergraph(sdl: string): Promise<void>;
  /** Begins to drain; resolves when all is closed. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

export interface AskOptions {
  readonly variables?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
  readonly token?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly data?: Record<string, unknown> | null;
  readonly errors?: { message: string; path?: (string | number)[]; extensions?: Record<string, unknown> }[];
  readonly extensions?: Record<string, unknown>;
}

/** `serve` puts something else than the whole gateway behind the same resources; `more` is added to the environment. */
export async function openGateway(
  policy = '',
  serve = (r: Resources) => createGatewayServer(r),
  more: Readonly<Record<string, string>> = {},
): Promise<TestGateway> {
  const directory = await mkdtemp(join(tmpdir(), 'lyceum-gateway-'));
  const subgraphs = await startSubgraphs();
  const keys = await serveKeys();
  const policyFile = join(directory, 'gateway.yaml');
  await writeFile(policyFile, policy);
  await writeFile(join(directory, 'supergraph.graphql'), subgraphs.sdl);
  const env = loadEnv(GatewayEnv, {
    CLAIMS_SECRET,
    JWKS_URL: keys.url,
    CONFIG_DIR: directory,
    SUPERGRAPH_FILE: join(directory, 'supergraph.graphql'),
    ...more,
  });
  const log = createLogger('gateway', { level: 'silent' });
  const life = createLifecycle({ log, drainMs: 5_000 });
  const server = serve(await openResources(env, life, log));
  const { url: origin } = await listenOn(server, 0, '127.0.0.1');
  const url = `${origin}/graphql`;

  return {
    url,
    origin,
    subgraphs,
    token: keys.sign,
    async ask(query, { variables, headers, token } = {}) {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/graphql-response+json',
          ...(token && { authorization: `Bearer ${token}` }),
          ...headers,
        },
        body: JSON.stringify({ query, variables }),
      });
      return { status: response.status, headers: response.headers, ...((await response.json()) as object) };
    },
    setPolicy: (yaml) => writeFile(policyFile, yaml),
    setSupergraph: (sdl) => writeFile(join(directory, 'supergraph.graphql'), sdl),
    drain: () => life.close(),
    async close() {
      await Promise.all([life.close(), subgraphs.close(), keys.close()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function serveKeys() {
  const [published, other] = await Promise.all([generateKeyPair('RS256'), generateKeyPair('RS256')]);
  const jwk = { ...(await exportJWK(published.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  const server = createServer((_req, res) => {
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [jwk] }));
  });
  const { url } = await listenOn(server, 0, '127.0.0.1');
  return {
    url: `${url}/.well-known/jwks.json`,
    async sign(options: TokenOptions = {}) {
      const {
        viewerId = randomUUID(),
        sessionId,
        roles = ['LEARNER'],
        expiresInSeconds = 900,
        forged = false,
      } = options;
      const now = Math.floor(Date.now() / 1_000);
      return await new SignJWT({ sid: sessionId ?? randomUUID(), roles })
        .setProtectedHeader({ alg: 'RS256', kid: 'k1', typ: 'JWT' })
        .setIssuer(ACCESS_TOKEN_ISSUER)
        .setAudience(ACCESS_TOKEN_AUDIENCE)
        .setSubject(viewerId)
        .setIssuedAt(now)
        .setExpirationTime(now + expiresInSeconds)
        .sign(forged ? other.privateKey : published.privateKey);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
