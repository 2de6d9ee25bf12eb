#!/usr/bin/env node
/**
 * The process of the `lyceum` command.
 */
import { run } from './program.ts';

process.exitCode = await run(process.argv.slice(2));
