/**
 * A runner of migrations that a test can kill: `node migrate-process.ts <folder of migrations> <url>`.
 */

import { readMigrations } from '../src/migrations/files.ts';
import { migrate } from '../src/migrations/migrate.ts';

const [folder = '', url = ''] = process.argv.slice(2);
await migrate({ domain: 'ai', urls: { s1: url }, migrations: await readMigrations(folder) });
