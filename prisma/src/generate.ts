/**
 * Writes the four Prisma clients to `src/__generated__/<domain>`, with and without a network.
 *
 *     node prisma/src/generate.ts              writes those whose schema or Prisma changed
 *     node prisma/src/generate.ts --force      writes all
 *
 * The Prisma CLI insists on a schema-engine binary even though `generate` never runs it; naming any existing file keeps
 * it from downloading one. This file needs nothing that is generated, so that it can run first in a fresh clone.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DOMAINS, type Domain } from './domain.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const prismaPackage = createRequire(import.meta.url).resolve('prisma/package.json');
const run = promisify(execFile);

const folderOf = (domain: Domain) => join(root, 'src/__generated__', domain);
const schemaOf = (domain: Domain) => join(root, domain, 'schema.prisma');
const stampOf = (domain: Domain) => join(folderOf(domain), '.stamp');

/** What a client is made from. */
async function fingerprint(domain: Domain): Promise<string> {
  const sources = await Promise.all([readFile(schemaOf(domain)), readFile(prismaPackage)]);
  return sources.reduce((hash, source) => hash.update(source), createHash('sha256')).digest('hex');
}

async function isStale(domain: Domain): Promise<boolean> {
  const stamp = await readFile(stampOf(domain), 'utf8').catch(() => '');
  return stamp !== (await fingerprint(domain));
}

async function generateClient(domain: Domain): Promise<void> {
  const made = await fingerprint(domain);
  await rm(folderOf(domain), { recursive: true, force: true });
  await run(
    process.execPath,
    [join(dirname(prismaPackage), 'build/index.js'), 'generate', '--schema', schemaOf(domain)],
    {
      cwd: root,
      env: {
        ...process.env,
        // The generator of schema.prisma that is ours runs in this very Node.
        PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`,
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
        PRISMA_HIDE_UPDATE_MESSAGE: '1',
        CHECKPOINT_DISABLE: '1',
      },
    },
  );
  await writeFile(stampOf(domain), made);
}

/** Returns the domains whose client was written. Two at a time: each takes a core. */
export async function generateClients({ force = false }: { force?: boolean } = {}): Promise<Domain[]> {
  const waiting: Domain[] = [];
  for (const domain of DOMAINS) if (force || (await isStale(domain))) waiting.push(domain);
  const written = [...waiting];
  const worker = async () => {
    for (let domain = waiting.shift(); domain; domain = waiting.shift()) await generateClient(domain);
  };
  await Promise.all([worker(), worker()]);
  return written;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await generateClients({ force: process.argv.includes('--force') });
}
