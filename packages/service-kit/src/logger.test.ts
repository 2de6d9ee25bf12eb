import { expect, test } from 'vitest';
import { createLogger } from './logger.ts';

test('secrets are removed from logs, also three levels deep', () => {
  const lines: string[] = [];
  const log = createLogger('test', { destination: { write: (line) => void lines.push(line) } });
  log.info(
    { password: 'hunter2', request: { headers: { authorization: 'hunter2', 'lyceum-claims': 'hunter2' } } },
    'a',
  );
  log.child({ token: 'hunter2' }).info({ session: { refreshToken: 'hunter2' } }, 'b');
  const written = lines.join('');
  expect(written).not.toContain('hunter2');
  expect(written.match(/\[redacted\]/g)).toHaveLength(5);
});

test('an error is logged with its cause, and without the client of a database that it carries', () => {
  const lines: string[] = [];
  const log = createLogger('test', { destination: { write: (line) => void lines.push(line) } });
  const err = Object.assign(new Error('lost', { cause: new Error('cut') }), { code: '57P01', client: { port: 5432 } });
  log.error({ err }, 'a statement failed');
  const written = JSON.parse(lines[0]!) as { err: object };
  expect(written.err).toMatchObject({ type: 'Error', message: 'lost: cut', code: '57P01' });
  expect(written.err).not.toHaveProperty('client');

  for (const thrown of ['lost', null, 7]) log.error({ err: thrown }, 'no error was thrown');
  expect(lines.slice(1).map((line) => (JSON.parse(line) as { err: unknown }).err)).toEqual(['lost', null, 7]);
});
