/**
 * A world for one story: a fresh tenant, the seed's courses or a real one, every service as a process of its own.
 */
import { openTenant, startStack, type Tenant, type TestStack } from '@lyceum/testing';
import { lyceum } from './lyceum-cli.ts';

export interface World extends AsyncDisposable {
  readonly tenant: Tenant;
  readonly stack: TestStack;
  readonly gatewayUrl: string;
}

export interface WorldOptions {
  /** More variables for the services. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether to seed the catalogue and the demo accounts. */
  readonly seed?: boolean;
}

export async function openWorld({ env = {}, seed = false }: WorldOptions = {}): Promise<World> {
  const tenant = await openTenant(['users', 'courses', 'progress', 'ai']);
  try {
    if (seed) {
      const { code, output } = await lyceum(['seed'], tenant.env);
      if (code !== 0) throw new Error(`The seed failed:\n${output}`);
      await tenant.replicasCaughtUp();
    }
    const stack = await startStack(tenant, { env });
    return {
      tenant,
      stack,
      gatewayUrl: stack.gatewayUrl,
      [Symbol.asyncDispose]: async () => {
        await stack.stop();
        await tenant.close();
      },
    };
  } catch (error) {
    await tenant.close();
    throw error;
  }
}
