/**
 * Finds the credentials among the headers of a request.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { CLAIMS_HEADER } from '@lyceum/contracts';
import type { Credentials } from '../auth/authenticator.ts';

export function credentialsOf(headers: IncomingHttpHeaders): Credentials {
  const claims = headers[CLAIMS_HEADER];
  return { authorization: headers.authorization ?? null, claims: claims === undefined ? null : String(claims) };
}
