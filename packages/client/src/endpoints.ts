/**
 * The addresses of one service: the first is asked until it fails, then the next one, and so on in a circle.
 */
export interface Endpoints {
  readonly count: number;
  current(): string;
  /** Moves on, unless somebody else has done so already. */
  failed(url: string): void;
}

/** Addresses without an origin are the page's. Throws a TypeError for what is no address. */
export function createEndpoints(url: string | readonly string[]): Endpoints {
  const { location } = globalThis as { location?: { href: string } };
  const urls = (typeof url === 'string' ? [url] : url).map((text) => new URL(text, location?.href).href);
  if (urls.length === 0) throw new TypeError('`url` must hold at least one address.');
  let at = 0;
  const current = () => urls[at % urls.length]!;
  return {
    count: urls.length,
    current,
    failed(failed) {
      if (failed === current()) at += 1;
    },
  };
}
