import { describe, expect, test } from 'vitest';
import { htmlToText } from './html-to-text.ts';
import { sanitizeHtml } from './sanitize-html.ts';

describe('sanitised HTML', () => {
  test.each([
    ['scripts', '<p>a</p><script>alert(1)</script>', '<p>a</p>'],
    ['styles', '<style>p{}</style><p style="color:red" class="x">a</p>', '<p>a</p>'],
    ['event handlers', '<p onclick="alert(1)" onmouseover=alert(1)>a</p>', '<p>a</p>'],
    ['frames and objects', '<iframe src="https://x.example">in</iframe><object data="x">o</object><embed src="x">', ''],
    ['forms and buttons', '<form action="/x"><button>Go</button><input value="x"><p>a</p></form>', '<p>a</p>'],
    ['script addresses', '<a href="java\nscript:alert(1)">a</a>', '<a rel="noopener nofollow">a</a>'],
    ['data pictures', '<img src="data:text/html;base64,xx" alt="a">', ''],
    ['plain http pictures', '<img src="http://x.example/a.png">', ''],
    ['pictures of another host without a scheme', '<img src="//x.example/a.png">', ''],
    ['comments', '<p>a<!-- <script>alert(1)</script> --></p>', '<p>a</p>'],
    ['SVG', '<svg><script>alert(1)</script><text>t</text></svg><p>a</p>', '<p>a</p>'],
  ])('holds no %s', (_, html, safe) => {
    expect(sanitizeHtml(html)).toBe(safe);
  });

  test('keeps what people read', () => {
    const html = '<h2>T</h2><p>a <em>b</em> <a href="https://x.example">c</a></p><ul><li>d</li></ul>';
    expect(sanitizeHtml(html)).toContain('<h2>T</h2><p>a <em>b</em>');
    expect(sanitizeHtml('<img src="/static/a.png" alt="A" onerror="x()">')).toBe('<img src="/static/a.png" alt="A" />');
    expect(sanitizeHtml('<table><tr><td colspan="2">x</td></tr></table>')).toContain('<td colspan="2">x</td>');
  });

  test('is the same when sanitised again', () => {
    const wild =
      '<DIV><p>a &lt;b&gt; &amp;amp; "c" \u00a0<br>\n\n\n\n <a href=https://x.example>d</a>  \n<pre> x\n  y</pre>';
    const once = sanitizeHtml(wild);
    expect(sanitizeHtml(once)).toBe(once);
  });
});

describe('the text of HTML', () => {
  test('has paragraphs apart by a blank line and items on lines of their own', () => {
    const html = '<h2>Title</h2>\n<p>One\n  two <b>three</b>.</p><ul><li>a</li><li>b &amp; c</li></ul>End<br>of it';
    expect(htmlToText(html)).toBe('Title\n\nOne two three.\n\na\nb & c\n\nEnd\nof it');
  });

  test('keeps words of neighbouring cells apart and the lines of code', () => {
    expect(htmlToText('<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>')).toBe('a b\nc');
    expect(htmlToText('<p>x</p><pre>if a:\n    b</pre>')).toBe('x\n\nif a:\n    b');
  });

  test('holds nothing of scripts, and nothing at all of nothing', () => {
    expect(htmlToText('<script>x()</script><p>a</p>')).toBe('a');
    expect(htmlToText('<div>\n <p> </p></div>')).toBe('');
  });
});

describe('a page made to be slow', () => {
  const pages = {
    blanks: `<p>${' \t'.repeat(100_000)}x</p>`,
    'blanks in code': `<pre>${' \t'.repeat(100_000)}x</pre>`,
    'non-breaking blanks': `<pre>${'\u00a0'.repeat(200_000)}x</pre>`,
    'line ends': `<pre>${'\n'.repeat(200_000)}x</pre>`,
    paragraphs: '<p>x</p>'.repeat(20_000),
    breaks: 'x<br>'.repeat(20_000),
  };

  test.each(Object.entries(pages))('is read in time that grows with its length alone: %s', (_, page) => {
    const begun = performance.now();
    expect(htmlToText(sanitizeHtml(page))).toContain('x');
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});
