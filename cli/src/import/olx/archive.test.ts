import { access, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { create, Header } from 'tar';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withExtracted } from './archive.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lyceum-archive-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A tar whose entries are written as they are told, which no honest packer would do. */
async function craft(name: string, entries: { path: string; type?: 'SymbolicLink'; body?: string }[]): Promise<string> {
  const blocks: Buffer[] = [];
  for (const { path, type, body = '' } of entries) {
    const header = new Header({
      ...{ path, mode: 0o644, uid: 0, gid: 0, size: Buffer.byteLength(body), mtime: new Date(0) },
      ...{ type: type ?? 'File', linkpath: type ? '/etc/passwd' : '' },
    });
    const block = Buffer.alloc(512);
    header.encode(block, 0);
    blocks.push(block, Buffer.from(body), Buffer.alloc((512 - (Buffer.byteLength(body) % 512)) % 512));
  }
  const file = join(folder, name);
  await writeFile(file, Buffer.concat([...blocks, Buffer.alloc(1024)]));
  return file;
}

async function pack(name: string, files: Record<string, string>): Promise<string> {
  const source = join(folder, `${name}-source`);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(source, path)), { recursive: true });
    await writeFile(join(source, path), text);
  }
  const file = join(folder, name);
  await create({ gzip: true, file, cwd: source }, await readdir(source));
  return file;
}

test('text files are unpacked, others left out, and the folder goes away', async () => {
  const file = await pack('good.tar.gz', {
    'course/course.xml': '<course/>',
    'course/html/a.html': '<p/>',
    'course/static/big.png': 'x',
  });
  let unpacked = '';
  const text = await withExtracted(file, async (target) => {
    unpacked = target;
    await expect(access(join(target, 'course/static/big.png'))).rejects.toThrow();
    return readFile(join(target, 'course/course.xml'), 'utf8');
  });
  expect(text).toBe('<course/>');
  await expect(access(unpacked)).rejects.toThrow();
});

test('the folder goes away when the work fails', async () => {
  const file = await pack('fails.tar.gz', { 'course.xml': '<course/>' });
  let unpacked = '';
  const work = withExtracted(file, async (target) => {
    unpacked = target;
    throw new Error('broken export');
  });
  await expect(work).rejects.toThrow('broken export');
  await expect(access(unpacked)).rejects.toThrow();
});

test.each([
  ['climbs out', '../evil.xml'],
  ['climbs out later', 'course/../../evil.xml'],
  ['is absolute', '/tmp/lyceum-evil.xml'],
])('a path that %s is refused', async (_, path) => {
  const file = await craft('path.tar', [{ path, body: '<evil/>' }]);
  await expect(withExtracted(file, async () => 'unpacked')).rejects.toThrow(/leaves its folder/);
  await expect(access(join(tmpdir(), 'evil.xml'))).rejects.toThrow();
});

test('a link is refused', async () => {
  const file = await craft('link.tar', [{ path: 'course.xml', type: 'SymbolicLink' }]);
  await expect(withExtracted(file, async () => 'unpacked')).rejects.toThrow(/course\.xml: the archive holds a link/);
});

test('the number of entries and of bytes is bounded', async () => {
  const file = await pack('many.tar.gz', { 'a.xml': 'a'.repeat(5_000), 'b.xml': 'b', 'c.xml': 'c' });
  const work = async () => 'unpacked';
  await expect(withExtracted(file, work, { entriesMax: 2, bytesMax: 1e9 })).rejects.toThrow(/more than 2 entries/);
  await expect(withExtracted(file, work, { entriesMax: 99, bytesMax: 1_000 })).rejects.toThrow(/more than 1000 bytes/);
});

test('an archive that unpacks to a thousand times its size is refused at once', async () => {
  const file = join(folder, 'bomb.tar.gz');
  await writeFile(file, gzipSync(Buffer.alloc(50_000_000)));
  const begun = performance.now();
  await expect(withExtracted(file, async () => 'unpacked')).rejects.toThrow(/bomb\.tar\.gz: /);
  expect(performance.now() - begun).toBeLessThan(5_000);
});

test('a file that is no archive is refused', async () => {
  const file = join(folder, 'text.tar.gz');
  await writeFile(file, 'this is not an archive');
  await expect(withExtracted(file, async () => 'unpacked')).rejects.toThrow(/text\.tar\.gz: /);
});

test('a link within a folder does not lead out of it', async () => {
  const { ExportFiles } = await import('./export-files.ts');
  const root = join(folder, 'linked');
  await mkdir(join(root, 'html'), { recursive: true });
  await writeFile(join(root, 'course.xml'), '<course/>');
  await symlink('/etc/passwd', join(root, 'html/secret.html'));
  const files = await ExportFiles.open(root);
  await expect(files.text('html/secret.html')).rejects.toThrow(/leads out of the export/);
  await expect(files.text('../../../etc/passwd')).rejects.toThrow(/leads out of the export/);
  expect(await files.text('html/none.html')).toBeNull();
});
