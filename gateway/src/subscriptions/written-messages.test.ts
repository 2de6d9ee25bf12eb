import { expect, test } from 'vitest';
import { createWrittenMessages } from './written-messages.ts';

const message = (payload: unknown, id = '1') => JSON.stringify({ id, type: 'next', payload });

test('a payload that is written already takes the place of its stand-in, once', () => {
  const written = createWrittenMessages();
  const first = message(written.standIn('{"data":{"a":1}}'));
  const second = message(written.standIn('{"data":{"b":"$&"}}'), '2');
  expect(written.complete(second)).toBe('{"id":"2","type":"next","payload":{"data":{"b":"$&"}}}');
  expect(written.complete(first)).toBe('{"id":"1","type":"next","payload":{"data":{"a":1}}}');
  expect(written.complete(first)).toBe(first);
});

test('nothing that a client chose is taken for a stand-in', () => {
  const written = createWrittenMessages();
  const standIn = written.standIn('{"data":null}');
  const forged = JSON.stringify({ id: '","payload":{"written":1}}', type: 'complete' });
  expect(written.complete(forged)).toBe(forged);
  const pong = JSON.stringify({ type: 'pong', payload: { written: 1 } });
  expect(written.complete(pong)).toBe(pong);
  expect(written.complete(message(standIn))).toBe('{"id":"1","type":"next","payload":{"data":null}}');
});
