/**
 * An access token as the users service gives it, and the public key that vouches for it.
 */
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';

const HOURS = 3_600;

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** What signs, as PEM, so that another process can do it; and what vouches for it. */
export function createKeys(): { privateKey: string; jwks: string } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = { ...publicKey.export({ format: 'jwk' }), kid: 'bench', alg: 'RS256', use: 'sig' };
  return {
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    jwks: JSON.stringify({ keys: [key] }),
  };
}

/** Of a person whom nobody else's token names. Good for hours, so that no run outlives it. */
export function createToken(privateKey: string): string {
  const now = Math.floor(Date.now() / 1000);
  const payload = {
    // As packages/contracts says.
    iss: 'lyceum',
    aud: 'lyceum-graph',
    sub: randomUUID(),
    sid: randomUUID(),
    roles: ['LEARNER'],
    iat: now,
    exp: now + 6 * HOURS,
  };
  const signed = `${part({ alg: 'RS256', kid: 'bench' })}.${part(payload)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
}
