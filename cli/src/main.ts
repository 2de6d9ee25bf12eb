#!/usr/bin/env node
/**
 * The process of the `lyceum` command.
 *
 * What was compiled once is kept: a command starts in half the time, and some are run while learners wait.
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Where it cannot be written it is not kept.
enableCompileCache(fileURLToPath(new URL('../../.lyceum/compiled', import.meta.url)));
const { run } = await import('./program.ts');

process.exitCode = await run(process.argv.slice(2));
