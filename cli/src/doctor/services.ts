/**
 * Asks every service whose address is known whether it is ready.
 */
import type { Environment } from '../config.ts';
import { type Finding, finding } from './finding.ts';

const TIMEOUT_MS = 3_000;

const ADDRESSES = {
  gateway: 'GATEWAY_URL',
  users: 'SUBGRAPH_URL_USERS',
  courses: 'SUBGRAPH_URL_COURSES',
  progress: 'SUBGRAPH_URL_PROGRESS',
  ai: 'SUBGRAPH_URL_AI',
} as const;

export async function* examineServices(variables: Environment): AsyncGenerator<Finding> {
  for (const [service, variable] of Object.entries(ADDRESSES)) {
    const address = variables[variable];
    if (!address) yield { part: service, skipped: true, note: `not examined: ${variable} is not set` };
    else for (const one of address.split(',')) yield await finding(service, () => examineService(one.trim()));
  }
}

async function examineService(address: string): Promise<string> {
  const { origin } = new URL(address);
  const response = await fetch(`${origin}/health/ready`, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(() => null);
  if (!response) throw new Error(`does not answer at ${origin}`);
  const body = (await response.json().catch(() => ({}))) as { checks?: Record<string, string> };
  if (response.ok) return `ready at ${origin}`;
  const failed = Object.entries(body.checks ?? {}).flatMap(([name, state]) => (state === 'ok' ? [] : [name]));
  throw new Error(`is not ready at ${origin}${failed.length > 0 ? `: ${failed.join(', ')} failed` : ''}`);
}
