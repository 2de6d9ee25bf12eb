/**
 * Writes the four Prisma clients to `src/__generated__/<domain>`, with and without a network.
 *
 * The Prisma CLI insists on a schema-engine binary even though `generate` never runs it; naming any existing file keeps
 * it from downloading one.
 */
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DOMAINS, type Domain } from './domain.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

async function generateClient(domain: Domain): Promise<void> {
  const require = createRequire(import.meta.url);
  const cli = join(dirname(require.resolve('prisma/package.json')), 'build/index.js');
  await rm(join(root, 'src/__generated__', domain), { recursive: true, force: true });
  await run(process.execPath, [cli, 'generate', '--schema', join(root, domain, 'schema.prisma')], {
    cwd: root,
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: process.env.PRISMA_SCHEMA_ENGINE_BINARY ?? process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
  });
}

/** Two at a time: each takes a core. */
export async function generateClients(): Promise<void> {
  const waiting = [...DOMAINS];
  const worker = async () => {
    for (let domain = waiting.shift(); domain; domain = waiting.shift()) await generateClient(domain);
  };
  await Promise.all([worker(), worker()]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await generateClients();
