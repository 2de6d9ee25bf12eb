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
