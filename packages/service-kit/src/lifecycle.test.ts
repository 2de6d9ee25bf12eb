import { expect, test } from 'vitest';
import { createLifecycle } from './lifecycle.ts';
import { createLogger } from './logger.ts';

const log = createLogger('test', { level: 'silent' });

test('draining comes first, then resources close in reverse', async () => {
  const life = createLifecycle({ log });
  const order: string[] = [];
  life.own('first', 1, () => order.push('first'));
  life.own('second', 2, () => order.push('second'));
  life.onDrain(() => order.push(`drain ${life.draining}`));
  await Promise.all([life.close(), life.close()]);
  expect(order).toEqual(['drain true', 'second', 'first']);
});

test('a resource that hangs or throws does not keep the others open', async () => {
  const life = createLifecycle({ log, drainMs: 10, closeMs: 10 });
  let closed = false;
  life.own('good', 1, () => {
    closed = true;
  });
  life.own('hangs', 2, () => new Promise(() => {}));
  life.own('throws', 3, () => {
    throw new Error('no');
  });
  life.onDrain(() => new Promise(() => {}));
  await life.close();
  expect(closed).toBe(true);
});

test('a resource opened too late is closed at once', async () => {
  const life = createLifecycle({ log });
  await life.close();
  let closed = false;
  life.own('late', 1, () => {
    closed = true;
  });
  await expect.poll(() => closed).toBe(true);
});
