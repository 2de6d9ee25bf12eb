/**
 * Content negotiation of GraphQL over HTTP: which of the two media types answers a request, and whether it takes a stream.
 */
export type MediaType = 'application/json' | 'application/graphql-response+json';

export interface Accepted {
  /** Null: neither will do. */
  readonly mediaType: MediaType | null;
  readonly eventStream: boolean;
  /** Parts in a multipart body, in the form of 2022-08-24: what is asked for by that name, or by none. */
  readonly parts: boolean;
  /** Of any kind: the answer may have to come in parts. */
  readonly stream: boolean;
}

/** Clients send few different headers; whoever sends many gets no more memory for it. */
const MAX_KNOWN = 100;
const known = new Map<string, Accepted>();

/** The range of the highest quality counts, the first of equals; a wildcard and no header mean `application/json`. */
export function negotiate(accept: string | undefined): Accepted {
  const header = accept ?? '*/*';
  let accepted = known.get(header);
  if (!accepted) {
    accepted = readAccept(header);
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(header, accepted);
  }
  return accepted;
}

function readAccept(header: string): Accepted {
  let best: { mediaType: MediaType; quality: number } | undefined;
  const streams = new Set<string>();
  let parts = false;
  for (const range of header.toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    const parameter = (name: string) =>
      parameters
        .find((text) => text.startsWith(`${name}=`))
        ?.slice(name.length + 1)
        .replaceAll('"', '');
    const quality = Number(parameter('q') ?? 1);
    // Answers are UTF-8, whatever is asked for.
    if (!(quality > 0) || (parameter('charset') ?? 'utf-8') !== 'utf-8') continue;
    if (type === 'text/event-stream' || type.startsWith('multipart/')) streams.add(type);
    parts ||= type === 'multipart/mixed' && isOurSpec(parameters);
    const mediaType = MEDIA_TYPES.get(type);
    if (mediaType && (!best || quality > best.quality)) best = { mediaType, quality };
  }
  return {
    mediaType: best?.mediaType ?? null,
    eventStream: streams.has('text/event-stream'),
    parts,
    stream: streams.size > 0,
  };
}

/** Other forms, such as that of subscriptions over multipart, have parameters of their own. */
function isOurSpec(parameters: readonly string[]): boolean {
  const specs = parameters.filter((text) => /^\w*spec=/.test(text)).map((text) => text.replaceAll('"', ''));
  return specs.length === 0 || specs.includes(DEFER_SPEC);
}

/** As `negotiate` reads it, and as it is answered but for the case of letters. */
const DEFER_SPEC = 'deferspec=20220824';

const MEDIA_TYPES: ReadonlyMap<string, MediaType> = new Map([
  ['application/graphql-response+json', 'application/graphql-response+json'],
  ['application/json', 'application/json'],
  ['application/*', 'application/json'],
  ['*/*', 'application/json'],
]);
