import type { LogEvents } from './named-events.ts';

/** More are left out, the first ones stay: an answer that rests on more is read by nobody down to its last source. */
const MAX_SOURCES = 20;
const MAX_QUERIES = 10;
/** Characters of a title or a query; more is cut off. */
const MAX_TEXT = 200;
/** Characters of an address; a longer one is left out, for a part of it would lead somewhere else. */
const MAX_URI = 2_048;

/** Anything else is nothing that a page may link to: `javascript:` is an address too, and so is `gs:`. */
const WEB_ADDRESS = /^https?:\/\/(?:[^\s/?#\\]*@)?([^\s/?#\\@]+)\S*$/i;

/**
 * What an answer rests on, out of Gemini's groundingMetadata: web pages, places and documents that have an address on the web, each
 * once, and what was searched for. The provider's own HTML (searchEntryPoint) is left out.
 * @param metadata as the provider sent it: nothing in it is sure to be what it should be
 * @returns `undefined` if there is neither
 */
export function groundingOf(
  metadata: Readonly<Record<string, unknown>>,
): Omit<LogEvents['grounding'], 'turn'> | undefined {
  const sources = new Map<string, LogEvents['grounding']['sources'][number]>();
  for (const chunk of list(metadata.groundingChunks)) {
    if (sources.size === MAX_SOURCES) break;
    const { web, maps, retrievedContext } = record(chunk);
    const { uri, title, domain } = record(web ?? maps ?? retrievedContext);
    if (typeof uri !== 'string' || uri.length > MAX_URI || sources.has(uri)) continue;
    const host = WEB_ADDRESS.exec(uri)?.[1];
    if (host === undefined) continue;
    const place = text(domain);
    sources.set(uri, {
      uri,
      title: text(title) || place || host.slice(0, MAX_TEXT),
      ...(place ? { domain: place } : {}),
    });
  }
  const { webSearchQueries, imageSearchQueries, retrievalQueries } = metadata;
  const queries = [webSearchQueries, imageSearchQueries, retrievalQueries].flatMap(list).map(text).filter(Boolean);
  if (sources.size === 0 && queries.length === 0) return undefined;
  return { sources: [...sources.values()], queries: [...new Set(queries)].slice(0, MAX_QUERIES) };
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

/** On one line; empty if it is no text. */
function text(value: unknown): string {
  if (typeof value !== 'string') return '';
  // Cut by characters, so that none is torn in two.
  return [
    ...value
      .slice(0, 2 * MAX_TEXT)
      .replace(/\s+/g, ' ')
      .trim(),
  ]
    .slice(0, MAX_TEXT)
    .join('');
}
