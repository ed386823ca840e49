import type { LogEvents } from './named-events.ts';
import { isRecord } from './record.ts';

/** Maximum number of sources. The first ones are kept: nobody reads a longer list to its end. */
const MAX_SOURCES = 20;
/** Maximum number of search queries. The first ones are kept. */
const MAX_QUERIES = 10;
/** Maximum length of a title or a query, in characters. A longer one is cut off. */
const MAX_TEXT = 200;
/** Maximum length of an address, in characters. A longer one is omitted, because a part of it would lead somewhere else. */
const MAX_URI = 2_048;

/** Sources and search queries of an answer. */
export type Grounding = Pick<LogEvents['grounding'], 'sources' | 'queries'>;

/** Scheme of addresses that a page may link to. `javascript:` and `gs:` addresses exist too and must not become links. */
const WEB_SCHEME = /^https?:\/\//i;

/**
 * Extracts the sources of an answer from Gemini's groundingMetadata: web pages, places and documents that have an address on the web, each
 * once, and the search queries. Omits the provider's own HTML (searchEntryPoint).
 * @param metadata as the provider sent it: every field may be missing or of another type
 * @returns `undefined` if there are neither sources nor queries
 */
export function extractGrounding(metadata: Readonly<Record<string, unknown>>): Grounding | undefined {
  const sources = new Map<string, LogEvents['grounding']['sources'][number]>();
  for (const chunk of toList(metadata.groundingChunks)) {
    if (sources.size === MAX_SOURCES) break;
    const { web, maps, retrievedContext } = toRecord(chunk);
    const { uri, title, domain } = toRecord(web ?? maps ?? retrievedContext);
    if (typeof uri !== 'string' || uri.length > MAX_URI || sources.has(uri)) continue;
    const host = readHost(uri);
    if (host === '') continue;
    const place = toLine(domain);
    sources.set(uri, {
      uri,
      title: toLine(title) || place || host.slice(0, MAX_TEXT),
      ...(place ? { domain: place } : {}),
    });
  }
  const { webSearchQueries, imageSearchQueries, retrievalQueries } = metadata;
  const queries = [webSearchQueries, imageSearchQueries, retrievalQueries].flatMap(toList).map(toLine).filter(Boolean);
  if (sources.size === 0 && queries.length === 0) return undefined;
  return { sources: [...sources.values()], queries: [...new Set(queries)].slice(0, MAX_QUERIES) };
}

/** Joins the sources and the queries of two searches of one answer, each once, within the same limits. The first ones are kept. */
export function joinGroundings(first: Partial<Grounding>, second: Partial<Grounding>): Partial<Grounding> {
  const sources = new Map<string, Grounding['sources'][number]>();
  for (const source of [...(first.sources ?? []), ...(second.sources ?? [])]) {
    if (!sources.has(source.uri)) sources.set(source.uri, source);
  }
  const queries = new Set([...(first.queries ?? []), ...(second.queries ?? [])]);
  return {
    ...(sources.size > 0 ? { sources: [...sources.values()].slice(0, MAX_SOURCES) } : {}),
    ...(queries.size > 0 ? { queries: [...queries].slice(0, MAX_QUERIES) } : {}),
  };
}

/**
 * Reads host and port of a web address; '' for any other text. The work is linear in the length of the text: a single expression for the
 * whole address tries every end of the host again if a later character does not match.
 */
function readHost(uri: string): string {
  const scheme = WEB_SCHEME.exec(uri)?.[0];
  if (scheme === undefined || /\s/.test(uri)) return '';
  const [authority = ''] = uri.slice(scheme.length).split(/[/?#\\]/, 1);
  return authority.slice(authority.lastIndexOf('@') + 1);
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

/** Puts a text on one line and cuts it to 200 characters; '' for any other value. */
function toLine(value: unknown): string {
  if (typeof value !== 'string') return '';
  // Cut between code points, so that no surrogate pair is split.
  return [
    ...value
      .slice(0, 2 * MAX_TEXT)
      .replace(/\s+/g, ' ')
      .trim(),
  ]
    .slice(0, MAX_TEXT)
    .join('');
}
