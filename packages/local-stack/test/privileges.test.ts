/**
 * As whom servers run. As root that is another user, who must get into folders that only root may enter.
 */
import { execFile } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { postgresOwner, wrapCommand } from '../src/privileges.ts';
import { temporaryFolder } from './support/folder.ts';

const run = promisify(execFile);

test('a server never runs as root, and finds programs and files below a folder that only its owner may enter', async () => {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, 'bin'));
  const program = join(folder.path, 'bin/program');
  await writeFile(program, '#!/bin/sh\n[ -x "$0" ] && [ -r "$0" ] && id -u\n');
  await chmod(program, 0o755);
  const wrapped = wrapCommand(program, [], { owner: postgresOwner(), deathSignal: 'INT' });
  const { stdout } = await run(wrapped.command, wrapped.args, { ...wrapped.identity });
  expect(stdout.trim()).not.toBe('0');
  expect(stdout.trim()).toBe(String(postgresOwner()?.uid ?? process.getuid?.()));
});
