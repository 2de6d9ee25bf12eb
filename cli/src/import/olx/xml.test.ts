import { expect, test } from 'vitest';
import { htmlOf, parseOlx } from './xml.ts';

test('elements know their file and line', () => {
  const root = parseOlx('a.xml', '<a>\n  <b/>\n\n  <c>text</c></a>');
  const lines = root.children.flatMap((child) => (typeof child === 'string' ? [] : [[child.name, child.line]]));
  expect(lines).toEqual([
    ['b', 2],
    ['c', 4],
  ]);
});

test('named characters of HTML are understood', () => {
  const root = parseOlx('a.xml', '<?xml version="1.0"?><a title="&eacute;">a&nbsp;&mdash;&#x41;&amp;</a>');
  expect(root.attributes.title).toBe('é');
  expect(root.children).toEqual(['a\u00a0—A&']);
});

test.each([
  ['an open tag', '<a>\n<b>\n</a>', /^a\.xml:3: .*end tag for element b/],
  ['an unknown character name', '<a>\n\n&nonsense;</a>', /^a\.xml:3: /],
  ['no element', '', /^a\.xml:1: /],
  ['two roots', '<a/>\n<b/>', /^a\.xml:2: /],
])('%s is refused with file and line', (_, xml, message) => {
  expect(() => parseOlx('a.xml', xml)).toThrow(message);
});

test('entities that grow are refused instead of expanded', () => {
  const bomb = `<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>
<problem>&c;</problem>`;
  expect(() => parseOlx('problem/bomb.xml', bomb)).toThrow(/^problem\/bomb\.xml:\d+: /);
  const unused = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a/>';
  expect(() => parseOlx('a.xml', unused)).toThrow(/declares entities/);
});

test('nesting without end is refused, however deep', () => {
  for (const depth of [300, 200_000]) {
    expect(() => parseOlx('a.xml', '<a>'.repeat(depth) + '</a>'.repeat(depth))).toThrow(/nests deeper than 200/);
  }
});

test('HTML made of elements is escaped', () => {
  const root = parseOlx('a.xml', '<p><b title="&quot;&amp;">1 &lt; 2 &amp; 3</b><br/><i/></p>');
  expect(htmlOf(root.children)).toBe('<b title="&quot;&amp;">1 &lt; 2 &amp; 3</b><br><i></i>');
});
