import { expect, test } from 'vitest';
import { negotiate } from './media-types.ts';

const NEWER = 'application/graphql-response+json';
const OLDER = 'application/json';

test('the most welcome media type answers, the first of equals, the older one where anything will do', () => {
  const expected: Record<string, string | null> = {
    [NEWER]: NEWER,
    [OLDER]: OLDER,
    '*/*': OLDER,
    'application/*': OLDER,
    [`${OLDER}, ${NEWER}`]: OLDER,
    [`${NEWER}, ${OLDER}`]: NEWER,
    [`${OLDER};q=0.5, ${NEWER}`]: NEWER,
    [`${NEWER};q=0.1, */*;q=0.2`]: OLDER,
    [`${NEWER}; charset=utf-8, ${OLDER}`]: NEWER,
    [`${NEWER}; charset=iso-8859-1`]: null,
    [`${OLDER};q=0`]: null,
    'APPLICATION/JSON': OLDER,
    'text/html': null,
    'text/html, */*;q=0.8': OLDER,
    '': null,
    ',;q=,=': null,
  };
  for (const [accept, mediaType] of Object.entries(expected)) {
    expect({ accept, mediaType: negotiate(accept).mediaType }).toEqual({ accept, mediaType });
  }
  expect(negotiate(undefined).mediaType).toBe(OLDER);
});

test('who takes a stream is known, whatever else they take', () => {
  expect(negotiate(`${NEWER}, text/event-stream`)).toMatchObject({ mediaType: NEWER, eventStream: true, stream: true });
  expect(negotiate('multipart/mixed;deferSpec=20220824, application/json')).toEqual({
    mediaType: OLDER,
    eventStream: false,
    parts: true,
    stream: true,
  });
  expect(negotiate('text/event-stream;q=0')).toMatchObject({ mediaType: null, eventStream: false, stream: false });
});

test('parts are taken in the form of 2022-08-24 only, by that name or by none', () => {
  const takesParts = (accept: string) => negotiate(accept).parts;
  const ours = ['multipart/mixed', 'multipart/mixed; deferSpec="20220824"', 'Multipart/Mixed;q=0.5;DeferSpec=20220824'];
  const others = ['deferSpec=20200101', 'subscriptionSpec=1.0', 'incrementalSpec=v0.2', 'q=0'];
  expect(ours.map(takesParts)).toEqual(ours.map(() => true));
  expect(others.map((name) => takesParts(`multipart/mixed;${name}, */*`))).toEqual(others.map(() => false));
  expect(takesParts('multipart/related, */*')).toBe(false);
});

test('what is remembered of a header is what was read from it, however many headers come', () => {
  for (let round = 0; round < 2; round += 1) {
    for (let i = 0; i < 300; i += 1) {
      expect(negotiate(`${i % 2 ? NEWER : OLDER}, x/${i}`).mediaType).toBe(i % 2 ? NEWER : OLDER);
    }
  }
});
