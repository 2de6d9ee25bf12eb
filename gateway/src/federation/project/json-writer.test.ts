import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JsonWriter } from './json-writer.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.string({ maxLength: 100 }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
);

test('texts are written as JSON.stringify writes them, whatever they hold', () => {
  fc.assert(
    fc.property(fc.array(anyText), (texts) => {
      const writer = new JsonWriter();
      for (const text of texts) writer.text(text);
      expect(writer.take()).toBe(texts.map((text) => JSON.stringify(text)).join(''));
    }),
    { numRuns: 2_000 },
  );
});

test('what is taken back leaves nothing behind, and what is repeated is the same', () => {
  const writer = new JsonWriter();
  writer.label(Buffer.from('{"a":'));
  const start = writer.length;
  writer.text('żółw');
  const end = writer.length;
  writer.json(',"never":true');
  writer.truncate(end);
  writer.label(Buffer.from(',"b":'));
  writer.again(start, end);
  writer.byte('}'.charCodeAt(0));
  expect(writer.take()).toBe('{"a":"żółw","b":"żółw"}');
});

test('an answer of any length is written whole, and several at the same time do not mix', () => {
  const [long, other] = [new JsonWriter(), new JsonWriter()];
  const text = 'ż'.repeat(1_000_000);
  for (let time = 0; time < 5; time += 1) {
    long.text(text);
    other.text(`${time}`);
  }
  expect(other.take()).toBe('"0""1""2""3""4"');
  expect(long.take() === JSON.stringify(text).repeat(5)).toBe(true);
});
