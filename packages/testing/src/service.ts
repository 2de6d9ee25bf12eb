/**
 * Real processes of our services, for tests: started on a free port, waited for, killed or stopped.
 */
import { join } from 'node:path';
import {
  addressVariables,
  freePort,
  SERVICE_NAMES,
  type ServiceName,
  type ServiceProcess,
  spawnService,
} from '@lyceum/local-stack';
import { stackCoordinates } from './coordinates.ts';
import type { Tenant } from './tenant.ts';

export interface StartServiceOptions {
  /** A port that others were told before; else a free one. */
  readonly port?: number;
}

/**
 * Spawns the service and waits for `/health/ready`. `env` is `tenant.env` plus what the test adds. The caller stops it;
 * a test process that dies takes it along.
 */
export async function startService(
  name: ServiceName,
  env: Readonly<Record<string, string>>,
  o: StartServiceOptions = {},
): Promise<ServiceProcess> {
  const port = o.port ?? (await freePort());
  const logFile = join(stackCoordinates().directory, 'logs', `${env.REDIS_PREFIX ?? 'service'}-${name}-${port}.log`);
  const service = spawnService(name, { port, env, logFile });
  try {
    await service.untilReady();
    return service;
  } catch (error) {
    await service.stop();
    throw error;
  }
}

export interface TestStack extends AsyncDisposable {
  /** `http://…/graphql` of the gateway, or of nothing when the gateway was left out. */
  readonly gatewayUrl: string;
  readonly wsUrl: string;
  /** The environment that every service was given. */
  readonly env: Readonly<Record<string, string>>;
  readonly services: Readonly<Record<ServiceName, ServiceProcess>>;
  /** Starts a service again, on the port that it had: after a test has killed it. */
  restart(name: ServiceName): Promise<ServiceProcess>;
  stop(): Promise<void>;
}

/** Starts Lyceum for a tenant, or the services named in `only`. On failure nothing stays behind. */
export async function startStack(
  tenant: Pick<Tenant, 'env'>,
  { only = SERVICE_NAMES, env = {} }: { only?: readonly ServiceName[]; env?: Readonly<Record<string, string>> } = {},
): Promise<TestStack> {
  const ports: Partial<Record<ServiceName, number>> = {};
  for (const name of only) ports[name] = await freePort();
  const shared = { ...tenant.env, ...addressVariables(ports), ...env };
  const services: Partial<Record<ServiceName, ServiceProcess>> = {};
  const start = async (name: ServiceName) => {
    const service = await startService(name, shared, { port: ports[name] });
    services[name] = service;
    return service;
  };
  // The gateway stops first, then what it asks.
  const stop = async () => {
    const running = only.map((name) => services[name]).filter((service) => service !== undefined);
    await services.gateway?.stop();
    await Promise.all(running.map((service) => service.stop()));
  };
  const outcomes = await Promise.allSettled(only.map(start));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  return {
    gatewayUrl: `http://127.0.0.1:${ports.gateway}/graphql`,
    wsUrl: `ws://127.0.0.1:${ports.gateway}/graphql`,
    env: shared,
    services: services as Record<ServiceName, ServiceProcess>,
    restart: start,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
