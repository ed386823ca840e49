/** The part of a browser's performance timeline that is used. */
interface Timeline {
  getEntriesByName?(name: string, type: string): readonly { readonly nextHopProtocol?: string }[];
}

/**
 * Whether requests to this address travel side by side on one connection (HTTP/2 and 3), as far as a browser says: it does of its own
 * origin, and of others that allow it. Elsewhere, as in Node, whose fetch speaks HTTP/1.1: no.
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
