/**
 * `/health/live`, `/health/ready` and `/metrics`, the same in every process.
 *
 * Live: the event loop turns. Ready: not draining, and every check passes; a load balancer sends no one here otherwise.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pathOf } from './http.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Metrics } from './metrics.ts';
import { withTimeout } from './retry.ts';

export type HealthCheck = () => Promise<void>;
export interface HealthOptions {
  /** Each throws when what it stands for cannot be used. Run together, within 2 s. */
  readonly checks: Readonly<Record<string, HealthCheck>>;
  /** Told beside the checks and never a reason to be unready. Anyone who reaches the port may read them. */
  readonly details?: Readonly<Record<string, () => unknown>>;
  readonly life: Pick<Lifecycle, 'draining'>;
  /** Without it `/metrics` is not answered. */
  readonly metrics?: Metrics;
}

const CHECK_MS = 2_000;

/** Returns false if the path is none of its own; the caller then answers. */
export function createHealth(options: HealthOptions): (req: IncomingMessage, res: ServerResponse) => boolean {
  let running: Promise<Readiness> | undefined;
  // Probes that come together share one round of checks.
  const readiness = () => {
    running ??= checkReadiness(options).finally(() => {
      running = undefined;
    });
    return running;
  };

  return (req, res) => {
    const path = pathOf(req);
    if (path === '/health/live') {
      respond(res, 200, { status: 'live' });
    } else if (path === '/health/ready') {
      void readiness().then((state) => respond(res, state.status === 'ready' ? 200 : 503, state));
    } else if (path === '/metrics' && options.metrics !== undefined) {
      const { registry } = options.metrics;
      registry.metrics().then(
        (text) => res.writeHead(200, { 'content-type': registry.contentType }).end(text),
        () => respond(res, 500, { status: 'failed' }),
      );
    } else {
      return false;
    }
    return true;
  };
}

interface Readiness {
  readonly status: 'ready' | 'draining' | 'failing';
  readonly checks: Record<string, 'ok' | 'failed'>;
  readonly details?: Record<string, unknown>;
}

async function checkReadiness({ checks, details, life }: HealthOptions): Promise<Readiness> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]): Promise<[string, 'ok' | 'failed']> => {
      try {
        await withTimeout(async () => check(), CHECK_MS, `check ${name}`);
        return [name, 'ok'];
      } catch {
        return [name, 'failed'];
      }
    }),
  );
  const failing = results.some(([, result]) => result === 'failed');
  return {
    status: life.draining ? 'draining' : failing ? 'failing' : 'ready',
    checks: Object.fromEntries(results),
    ...(details && { details: Object.fromEntries(Object.entries(details).map(([name, tell]) => [name, tell()])) }),
  };
}

function respond(res: ServerResponse, status: number, body: object): void {
  if (res.writableEnded) return;
  res.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(body));
}
