/** Tokens of tests: JWTs whose signature nobody looks at. */
export interface TestToken {
  /** Seconds from now. */
  readonly endsIn?: number;
  readonly lifeSeconds?: number;
  readonly name?: string;
}

export function makeToken({ endsIn = 900, lifeSeconds = 900, name = 'token' }: TestToken = {}): string {
  const exp = Date.now() / 1_000 + endsIn;
  const claims = { jti: name, iat: exp - lifeSeconds, exp };
  return ['{}', JSON.stringify(claims), name].map((part) => Buffer.from(part).toString('base64url')).join('.');
}
