import type { Modality } from '../session/run-supervisor.ts';
import { WireError } from '../wire/error-catalogue.ts';
import { isId } from '../wire/identifiers.ts';
import type { Framing } from './sse-sink.ts';

/** What a reader asks for, on whichever route. */
export interface ReaderQuery {
  /** As it came. */
  readonly cursor: string | undefined;
  /** A native EventSource that comes back by itself: it is never refused for what it says. */
  readonly reconnect: boolean;
  readonly client: string | undefined;
  readonly modality: Modality | undefined;
  readonly framing: Framing;
  readonly query: URLSearchParams;
}

/**
 * @param lastEventId the header, on a route that an EventSource may come to
 * @throws {WireError} invalid_query
 */
export function readReaderQuery(url: string | undefined, lastEventId?: string | string[]): ReaderQuery {
  const query = new URLSearchParams(url?.split('?')[1]);
  const reconnect = typeof lastEventId === 'string' && lastEventId !== '';
  return {
    query,
    reconnect,
    cursor: reconnect ? lastEventId : (query.get('since') ?? undefined),
    client: readClient(query.get('client'), reconnect),
    modality: readModality(query.get('is_audio'), reconnect),
    framing: readFraming(query.get('framing'), reconnect),
  };
}

function readClient(client: string | null, lenient: boolean): string | undefined {
  if (client === null || client === '') return undefined;
  if (isId(client)) return client;
  if (lenient) return undefined;
  throw new WireError('invalid_query', 'client must be 1 to 128 characters of A-Z a-z 0-9 . _ @ -');
}

function readModality(isAudio: string | null, lenient: boolean): Modality | undefined {
  if (isAudio === 'true') return 'AUDIO';
  if (isAudio === 'false') return 'TEXT';
  if (isAudio === null || isAudio === '' || lenient) return undefined;
  throw new WireError('invalid_query', 'is_audio must be true or false');
}

function readFraming(framing: string | null, lenient: boolean): Framing {
  if (framing === 'pusher' || framing === 'close' || framing === 'stream') return framing;
  if (framing === null || framing === '' || lenient) return 'stream';
  throw new WireError('invalid_query', 'framing must be stream, pusher or close');
}
