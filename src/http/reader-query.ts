import { present } from '../agent/run-config.ts';
import type { RunSettings } from '../session/run-settings.ts';
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
  /** Whether the model can do that is for the session to say. */
  readonly settings: RunSettings;
  readonly framing: Framing;
  readonly query: URLSearchParams;
}

/**
 * @param agent the name of the one that there is
 * @param lastEventId the header, on a route that an EventSource may come to
 * @throws {WireError} invalid_query
 */
export function readReaderQuery(url: string | undefined, agent: string, lastEventId?: string | string[]): ReaderQuery {
  const query = new URLSearchParams(url?.split('?')[1]);
  const reconnect = typeof lastEventId === 'string' && lastEventId !== '';
  if (!reconnect) checkAgent(query.get('agent'), agent);
  return {
    query,
    reconnect,
    cursor: reconnect ? lastEventId : (query.get('since') ?? undefined),
    client: readClient(query.get('client'), reconnect),
    settings: readSettings(query, reconnect),
    framing: readFraming(query.get('framing'), reconnect),
  };
}

function readClient(client: string | null, lenient: boolean): string | undefined {
  if (client === null || client === '') return undefined;
  if (isId(client)) return client;
  if (lenient) return undefined;
  throw new WireError('invalid_query', 'client must be 1 to 128 characters of A-Z a-z 0-9 . _ @ -');
}

function checkAgent(asked: string | null, agent: string): void {
  if (asked === null || asked === '' || asked === agent) return;
  throw new WireError('invalid_query', `agent must be ${agent}: there is no other here`);
}

function readSettings(query: URLSearchParams, lenient: boolean): RunSettings {
  const flag = (name: string) => readFlag(name, query.get(name), lenient);
  const isAudio = flag('is_audio');
  return present({
    modality: isAudio === undefined ? undefined : isAudio ? 'AUDIO' : 'TEXT',
    voice: query.get('voice') || undefined,
    language: query.get('language') || undefined,
    proactivity: flag('proactivity'),
    affectiveDialog: flag('affective_dialog'),
  });
}

function readFlag(name: string, value: string | null, lenient: boolean): boolean | undefined {
  if (value === 'true' || value === 'false') return value === 'true';
  if (value === null || value === '' || lenient) return undefined;
  throw new WireError('invalid_query', `${name} must be true or false`);
}

function readFraming(framing: string | null, lenient: boolean): Framing {
  if (framing === 'pusher' || framing === 'close' || framing === 'stream') return framing;
  if (framing === null || framing === '' || lenient) return 'stream';
  throw new WireError('invalid_query', 'framing must be stream, pusher or close');
}
