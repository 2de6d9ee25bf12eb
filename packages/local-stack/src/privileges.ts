/**
 * Decides under which user a server process runs, and ties its life to ours.
 *
 * PostgreSQL refuses to run as root. As root we switch to `nobody` through `setpriv` and keep the one capability
 * that lets it enter folders which that user may not traverse (a clone below /root, a 0700 temp folder). Where that is
 * not permitted we fall back to a plain change of user. `--pdeathsig` makes the kernel stop the server when the process
 * that started it dies, `kill -9` included; the recovery at the next start covers the systems that lack it.
 */
import { spawnSync } from 'node:child_process';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface WrappedCommand {
  readonly command: string;
  readonly args: string[];
  /** For `spawn`, where the change of user is left to Node. */
  readonly identity: Partial<Owner>;
}

const NOBODY: Owner = { uid: 65534, gid: 65534 };
const CAPABILITY = '+dac_override';

const probes = new Map<string, boolean>();

/** Whether `setpriv` accepts these flags here; asked once per process. */
function setprivAccepts(flags: readonly string[]): boolean {
  const key = flags.join(' ');
  const known = probes.get(key);
  if (known !== undefined) return known;
  const accepted = spawnSync('setpriv', [...flags, 'true'], { stdio: 'ignore' }).status === 0;
  probes.set(key, accepted);
  return accepted;
}

/** Who must own a PostgreSQL data directory: null means whoever we are already. */
export function postgresOwner(): Owner | null {
  return process.getuid?.() === 0 ? NOBODY : null;
}

/** The command as it must be spawned so that it runs as `owner` and receives `deathSignal` when we die. */
export function wrapCommand(
  command: string,
  args: readonly string[],
  o: { owner: Owner | null; deathSignal?: 'INT' | 'TERM' | 'KILL' },
): WrappedCommand {
  const death = o.deathSignal && setprivAccepts(['--pdeathsig', 'TERM']) ? ['--pdeathsig', o.deathSignal] : [];
  if (o.owner) {
    const user = ['--reuid', String(o.owner.uid), '--regid', String(o.owner.gid), '--clear-groups'];
    const withCapabilities = [...user, '--inh-caps', CAPABILITY, '--ambient-caps', CAPABILITY];
    // access(2), by which initdb looks for its programs, otherwise forgets the capabilities of a user who is not root.
    const alsoForAccess = ['--securebits', '+no_setuid_fixup', ...withCapabilities];
    const flags = [alsoForAccess, withCapabilities, user].find(setprivAccepts);
    if (!flags) return { command, args: [...args], identity: o.owner };
    return { command: 'setpriv', args: [...flags, ...death, command, ...args], identity: {} };
  }
  if (death.length === 0) return { command, args: [...args], identity: {} };
  return { command: 'setpriv', args: [...death, command, ...args], identity: {} };
}
