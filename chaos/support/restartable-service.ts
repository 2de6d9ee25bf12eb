/**
 * A service on a port that it keeps, so that the others find it again after it was killed.
 */
import { type ServiceName, type ServiceProcess, spawnService } from '@lyceum/local-stack';

export interface RestartableService {
  /** `http://127.0.0.1:<port>`, without a path. */
  readonly url: string;
  /** Resolves when it is ready. */
  start(): Promise<void>;
  /** SIGKILL, without a chance to say goodbye. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export interface RestartableServiceOptions {
  readonly name: ServiceName;
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
}

/** Not started yet. */
export function restartableService({ name, port, env, logFile }: RestartableServiceOptions): RestartableService {
  let current: ServiceProcess | undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    async start() {
      current = spawnService(name, { port, env, logFile });
      await current.untilReady();
    },
    async kill() {
      await current?.kill('SIGKILL');
    },
    async stop() {
      await current?.stop();
    },
  };
}
