/**
 * The children of the launcher, as the supervisor sees them: our services, and the servers of the local stack.
 */
import {
  type LocalRedis,
  type PostgresNode,
  SERVICES,
  type ServiceName,
  type ServiceProcess,
  spawnService,
} from '@lyceum/local-stack';
import { logFile } from './state.ts';
import type { Child } from './supervisor.ts';

export interface ServiceChild extends Child {
  readonly entry: string;
  readonly pid: number | undefined;
}

/** A service on a fixed port, so that the others find it again after a restart. */
export function serviceChild(name: ServiceName, port: number, env: Readonly<Record<string, string>>): ServiceChild {
  let current: ServiceProcess | undefined;
  return {
    name,
    entry: SERVICES[name].entry,
    get pid() {
      return current && !current.exited ? current.pid : undefined;
    },
    start: async () => {
      const started = spawnService(name, { port, env, logFile: logFile(name) });
      current = started;
      try {
        await started.untilReady();
      } catch (error) {
        await started.stop();
        throw error;
      }
    },
    stop: async () => {
      await current?.stop();
    },
    ended: async () => {
      const exit = await current?.exit;
      return exit?.signal ?? `exit code ${exit?.code}`;
    },
  };
}

/** A server of the local stack that runs already. */
export function serverChild(name: string, server: PostgresNode | LocalRedis): Child {
  return {
    name,
    start: () => server.start(),
    stop: () => server.stop(),
    ended: async () => {
      await server.exit;
      return 'it stopped';
    },
  };
}
