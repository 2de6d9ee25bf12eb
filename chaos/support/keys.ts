/**
 * Keys of access tokens, served like the users service serves them, so that a scenario can sign learners in by itself.
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { ACCESS_TOKEN_AUDIENCE, ACCESS_TOKEN_ISSUER } from '@lyceum/contracts';
import { listenOn } from '@lyceum/service-kit';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export interface Keys {
  readonly url: string;
  /** An access token of a learner, of a new one unless told otherwise. */
  token(learnerId?: string): Promise<string>;
  close(): void;
}

export async function serveKeys(): Promise<Keys> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'chaos', alg: 'RS256', use: 'sig' };
  const server = createServer((_req, res) => {
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [jwk] }));
  });
  const { url } = await listenOn(server, 0, '127.0.0.1');
  return {
    url: `${url}/.well-known/jwks.json`,
    token: (learnerId = randomUUID()) =>
      new SignJWT({ sid: randomUUID(), roles: ['LEARNER'] })
        .setProtectedHeader({ alg: 'RS256', kid: 'chaos', typ: 'JWT' })
        .setIssuer(ACCESS_TOKEN_ISSUER)
        .setAudience(ACCESS_TOKEN_AUDIENCE)
        .setSubject(learnerId)
        .setIssuedAt()
        .setExpirationTime('15m')
        .sign(privateKey),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
