/**
 * Reads the body of a Fetch API request, counting bytes as they come.
 */
import { tooLarge } from './read-params.ts';

/** Throws PAYLOAD_TOO_LARGE. */
export async function readRequestBody(request: Request, maxBytes: number): Promise<Uint8Array> {
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
  return Buffer.concat(chunks);
}
