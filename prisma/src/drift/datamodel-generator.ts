/**
 * Writes `__generated__/<domain>/datamodel.json`: what schema.prisma says, as Prisma itself understands it.
 *
 * A generator of schema.prisma, run by `prisma generate`, which speaks JSON-RPC with it: requests come as lines on stdin,
 * answers go as lines to stderr. It is how the datamodel is to be had without an engine and without a network.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

interface Request {
  readonly id: number;
  readonly method: 'getManifest' | 'generate';
  readonly params: {
    readonly generator: { readonly output: { readonly value: string } };
    readonly dmmf: { readonly datamodel: unknown };
  };
}

const MANIFEST = { prettyName: 'datamodel', defaultOutput: '.' };

async function answer({ method, params }: Request): Promise<unknown> {
  if (method === 'getManifest') return { manifest: MANIFEST };
  const folder = params.generator.output.value;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'datamodel.json'), `${JSON.stringify(params.dmmf.datamodel, null, 1)}\n`);
  return null;
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as Request;
  const response = await answer(request).then(
    (result) => ({ result }),
    (error: Error) => ({ error: { code: -32_000, message: error.message, data: {} } }),
  );
  process.stderr.write(`${JSON.stringify({ jsonrpc: '2.0', id: request.id, ...response })}\n`);
}
