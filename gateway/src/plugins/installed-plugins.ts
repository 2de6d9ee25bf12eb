/**
 * The third-party Envelop plugins of this installation: none. What they may do is told in `run-plugins.ts`.
 *
 * With the first one here every operation pays for Envelop's hooks and for its data being parsed for them.
 */
import type { GatewayPlugin } from './run-plugins.ts';

export const installedPlugins: readonly GatewayPlugin[] = [];
