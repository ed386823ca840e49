/** Part of a browser's performance timeline that is used here. */
interface Timeline {
  getEntriesByName?(name: string, type: string): readonly { readonly nextHopProtocol?: string }[];
}

/**
 * Whether requests to `url` share one connection (HTTP/2 and HTTP/3). A browser reports the protocol of its own origin, and of other origins
 * that allow it. Everywhere else, as in Node, whose fetch speaks HTTP/1.1, the result is false.
 */
export function isMultiplexed(url: string): boolean {
  const { performance, location } = globalThis as { performance: Timeline; location?: { href: string } };
  try {
    const entries = performance.getEntriesByName?.(new URL(url, location?.href).href, 'resource') ?? [];
    return /^h[23]/.test(entries[entries.length - 1]?.nextHopProtocol ?? '');
  } catch {
    return false;
  }
}
