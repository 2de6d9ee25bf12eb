import { expect, test } from 'vitest';
import { z } from 'zod';
import { ConfigError, loadEnv } from './env.ts';

const Env = z.object({ PORT: z.coerce.number().int().default(4000), REDIS_URL: z.url(), SECRET: z.string().min(32) });

test('one error names every bad key with its reason and shows no value', () => {
  try {
    loadEnv(Env, { PORT: 'http', SECRET: 'hunter2' });
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    const { message, problems } = error as ConfigError;
    expect(problems).toHaveLength(3);
    for (const key of ['PORT', 'REDIS_URL', 'SECRET']) expect(message).toContain(`${key}: `);
    expect(message).not.toContain('hunter2');
    expect((error as ConfigError).stack).toBe(message);
  }
});

test('an empty value takes the default', () => {
  expect(loadEnv(Env, { PORT: '', REDIS_URL: 'redis://localhost', SECRET: 'x'.repeat(32) }).PORT).toBe(4000);
});
