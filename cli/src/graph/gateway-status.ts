/**
 * What a gateway tells of its supergraph, asked at its health endpoint.
 */
import { sleep } from '@lyceum/service-kit';
import { z } from 'zod';
import { Failure } from '../failure.ts';

const Status = z.object({
  version: z.string(),
  source: z.string(),
  loadedAt: z.string(),
  failing: z.array(z.object({ source: z.string(), version: z.string().optional(), since: z.string() })),
});
export type GatewayStatus = z.output<typeof Status>;

const ANSWER_MS = 3_000;
const VERDICT_MS = 15_000;
const ASK_EVERY_MS = 100;

/** Null if the gateway does not answer in time. An unready one answers too. */
export async function readGateway(gatewayUrl: string, waitMs = ANSWER_MS): Promise<GatewayStatus | null> {
  try {
    const response = await fetch(new URL('/health/ready', gatewayUrl), { signal: AbortSignal.timeout(waitMs) });
    const body = z.object({ details: z.object({ supergraph: Status }) }).parse(await response.json());
    return body.details.supergraph;
  } catch {
    return null;
  }
}

/** What the gateway made of a version that was just published. Throws a Failure if it refused it. */
export async function awaitVerdict(gatewayUrl: string | undefined, version: string): Promise<string> {
  if (!gatewayUrl) return 'GATEWAY_URL is not set: no gateway was asked what it made of it.';
  const until = performance.now() + VERDICT_MS;
  let status: GatewayStatus | null = null;
  for (let left = VERDICT_MS; left > 0; left = until - performance.now()) {
    // Preparing a supergraph may keep the gateway from answering for a while.
    status = await readGateway(gatewayUrl, Math.ceil(left));
    if (!status) return `The gateway at ${gatewayUrl} does not answer: it takes the supergraph when it is back.`;
    if (status.version === version) return `The gateway at ${gatewayUrl} serves it.`;
    if (status.failing.some((fault) => fault.version === version)) {
      throw new Failure(
        `The gateway at ${gatewayUrl} refused it and goes on with ${status.version}: its log says why. Publish another, or \`lyceum graph withdraw\`.`,
      );
    }
    await sleep(ASK_EVERY_MS);
  }
  return `The gateway at ${gatewayUrl} has not taken it yet and serves ${status?.version ?? 'nothing'}.`;
}
