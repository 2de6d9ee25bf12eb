/**
 * Reads a JSON body, counting bytes as they come: what is too large is refused before it is kept, let alone parsed.
 */
import { refusal } from '../errors.ts';

/** Throws PAYLOAD_TOO_LARGE, or BAD_REQUEST for what is no JSON map. */
export async function readJsonBody(request: Request, maxBytes: number): Promise<Record<string, unknown>> {
  const announced = request.headers.get('content-length');
  if (announced !== null && Number(announced) > maxBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Not `for await`: leaving it early would destroy the connection before the refusal is written. What is left unread is
  // thrown away by Node once the response is sent, within the server's request time-out.
  const reader = request.body?.getReader();
  for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
    size += part.value.byteLength;
    if (size > maxBytes) throw tooLarge();
    chunks.push(part.value);
  }
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
  } catch {
    throw noRequest('The body is not JSON.');
  }
  if (typeof body !== 'object' || body === null) throw noRequest('The body must be a JSON map.');
  return body as Record<string, unknown>;
}

function tooLarge() {
  return refusal('PAYLOAD_TOO_LARGE', undefined, { wellFormed: false });
}

function noRequest(message: string) {
  return refusal('BAD_REQUEST', message, { wellFormed: false });
}
