/**
 * The key pair of access tokens: the private half signs here, the public half is what everybody checks with.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ConfigError } from '@lyceum/service-kit';
import { calculateJwkThumbprint, exportJWK, type JWK } from 'jose';

export const signingAlgorithm = 'RS256';
const modulusBitsMin = 2_048;

export interface SigningKey {
  readonly privateKey: KeyObject;
  /** RFC 7638 thumbprint of the public key: the same key has the same id in every process. */
  readonly keyId: string;
  readonly publicJwk: JWK;
}

/** Throws ConfigError unless the file holds an RSA private key of at least 2048 bits in PKCS8 PEM form. */
export async function readSigningKey(file: string): Promise<SigningKey> {
  try {
    return await createSigningKey(await readFile(file, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError('The environment', [`AUTH_PRIVATE_KEY_FILE: ${file}: ${reason}`]);
  }
}

export async function createSigningKey(pem: string): Promise<SigningKey> {
  const privateKey = createPrivateKey(pem);
  const bits = privateKey.asymmetricKeyDetails?.modulusLength ?? 0;
  if (privateKey.asymmetricKeyType !== 'rsa' || bits < modulusBitsMin) {
    throw new Error(`must be an RSA key of at least ${modulusBitsMin} bits`);
  }
  const jwk = await exportJWK(createPublicKey(privateKey));
  const keyId = await calculateJwkThumbprint(jwk);
  return { privateKey, keyId, publicJwk: { ...jwk, kid: keyId, alg: signingAlgorithm, use: 'sig' } };
}
