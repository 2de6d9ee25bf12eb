/**
 * A real gateway process over a supergraph and a policy of the scenario's own.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, type ServiceProcess, spawnService } from '@lyceum/local-stack';

/** Signs and checks claims between the gateway and the scenario's subgraphs. */
export const CLAIMS_SECRET = 'a secret of the chaos runs, long enough to sign with';

export interface GatewayOptions {
  /** Holds the policy, the supergraph and the log. */
  readonly folder: string;
  /** SDL with the addresses that the gateway is to ask. */
  readonly supergraph: string;
  /** The text of gateway.yaml. */
  readonly policy: string;
  readonly jwksUrl: string;
  /** Beside what the options above say. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface GatewayProcess extends ServiceProcess {
  /** Where it takes operations. */
  readonly endpoint: string;
  readonly supergraphFile: string;
}

/** Resolves when the gateway is ready. On failure nothing stays behind. */
export async function startGateway(o: GatewayOptions): Promise<GatewayProcess> {
  const supergraphFile = join(o.folder, 'supergraph.graphql');
  await writeFile(join(o.folder, 'gateway.yaml'), o.policy);
  await writeFile(supergraphFile, o.supergraph);
  const gateway = spawnService('gateway', {
    port: await freePort(),
    logFile: join(o.folder, 'gateway.log'),
    env: {
      CLAIMS_SECRET,
      JWKS_URL: o.jwksUrl,
      CONFIG_DIR: o.folder,
      SUPERGRAPH_FILE: supergraphFile,
      LOG_LEVEL: 'info',
      ...o.env,
    },
  });
  try {
    await gateway.untilReady();
  } catch (error) {
    await gateway.stop();
    throw error;
  }
  return Object.assign(gateway, { endpoint: `${gateway.url}/graphql`, supergraphFile });
}
