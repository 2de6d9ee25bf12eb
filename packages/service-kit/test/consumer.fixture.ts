/**
 * A consumer that dies between handling an event and acknowledging it. Arguments: Redis URL, prefix, consumer.
 */
import { CoursePublished } from '@lyceum/contracts';
import { connectRedis, consumeLog, createLogger, createRedisKeys } from '../src/index.ts';

const [url = '', prefix = '', consumer = ''] = process.argv.slice(2);
const log = createLogger('fixture', { level: 'warn' });
const redis = await connectRedis(url, 'worker', { log });
const keys = createRedisKeys(prefix);
consumeLog({
  redis,
  keys,
  event: CoursePublished,
  group: 'progress',
  consumer,
  log,
  async handle() {
    process.kill(process.pid, 'SIGKILL');
    await new Promise(() => {});
  },
});
