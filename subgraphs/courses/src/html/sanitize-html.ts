/**
 * Makes HTML of any source safe to show and to keep: the only door through which markup enters a course.
 *
 * An allow list of tags and attributes; scripts, styles, event handlers, frames, forms and buttons go, with what they hold.
 * Sanitising twice gives the same text, so that content hashes are stable.
 */
import sanitize from 'sanitize-html';

const TAGS = [
  ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'p', 'div', 'section', 'article', 'header', 'footer', 'aside', 'blockquote'],
  ...['ul', 'ol', 'li', 'dl', 'dt', 'dd', 'pre', 'hr', 'br', 'figure', 'figcaption', 'img', 'details', 'summary'],
  ...['table', 'caption', 'thead', 'tbody', 'tfoot', 'tr', 'th', 'td', 'colgroup', 'col'],
  ...['a', 'abbr', 'b', 'bdi', 'bdo', 'cite', 'code', 'del', 'dfn', 'em', 'i', 'ins', 'kbd', 'mark', 'q', 's', 'samp'],
  ...['small', 'span', 'strong', 'sub', 'sup', 'time', 'u', 'var'],
];

/** Tags whose text is no reading text: it goes with them. */
const TAGS_WITHOUT_TEXT = [
  ...[
    'script',
    'style',
    'noscript',
    'template',
    'title',
    'iframe',
    'frame',
    'object',
    'embed',
    'applet',
    'svg',
    'canvas',
  ],
  ...['button', 'select', 'option', 'optgroup', 'datalist', 'textarea', 'audio', 'video', 'map'],
];

const OPTIONS: sanitize.IOptions = {
  allowedTags: TAGS,
  nonTextTags: TAGS_WITHOUT_TEXT,
  allowedAttributes: {
    '*': ['lang', 'dir', 'title'],
    a: ['href', 'rel'],
    img: ['src', 'alt', 'width', 'height'],
    ol: ['start', 'type', 'reversed'],
    td: ['colspan', 'rowspan', 'headers'],
    th: ['colspan', 'rowspan', 'headers', 'scope'],
    col: ['span'],
    colgroup: ['span'],
    time: ['datetime'],
    bdo: ['dir'],
  },
  allowedSchemes: ['https', 'http', 'mailto'],
  allowedSchemesByTag: { img: ['https'] },
  allowProtocolRelative: false,
  nestingLimit: 100,
  transformTags: {
    a: (tagName, attribs) => ({ tagName, attribs: { ...attribs, rel: 'noopener nofollow' } }),
  },
  exclusiveFilter: (frame) => frame.tag === 'img' && !frame.attribs.src,
};

export function sanitizeHtml(html: string): string {
  return (
    sanitize(html.replaceAll('\u0000', ''), OPTIONS)
      .replace(/\r\n?/g, '\n')
      // The look behind begins each run once: without it a long run costs its length squared.
      .replace(/(?<![ \t])[ \t]+$/gm, '')
      .replace(/\n{3,}/g, '\n\n')
      .trim()
  );
}
