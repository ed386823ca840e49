import type { IncomingHttpHeaders } from 'node:http';
import type { RunConfig } from '../agent/run-config.ts';
import type { Dialect, DialectName } from '../wire/dialects/dialect.ts';
import { plainDialect } from '../wire/dialects/plain.ts';
import { DIALECT_NAMES, selectDialect } from '../wire/dialects/select-dialect.ts';
import { isId } from '../wire/identifiers.ts';
import { omitUndefined } from '../wire/omit-undefined.ts';
import { WireError } from '../wire/wire-error.ts';
import { copyText } from './copy-text.ts';

/** How an event stream is written, for networks that buffer responses. */
export type Framing = 'stream' | 'pusher' | 'close';

/** Query of a reader, on any route. */
export interface ReaderQuery {
  /** Cursor as the client sent it. */
  readonly cursor: string | undefined;
  /** Whether a native EventSource reconnects by itself. It is never refused because of its query. */
  readonly reconnect: boolean;
  readonly client: string | undefined;
  /** Config that the reader requests. The session checks whether the model supports it. */
  readonly runConfig: RunConfig;
  readonly framing: Framing;
  /** Set of messages that the reader gets. */
  readonly dialect: Dialect;
  /** As in `OpenParams`. */
  readonly firstRunDelayMs?: number;
  /** As in `ReaderInfo`. */
  readonly canResume?: boolean;
  readonly query: URLSearchParams;
}

/**
 * Reads the query of a reader.
 * @param agent name of the agent of this server
 * @param headers headers of the request, on a route that an EventSource can use
 * @param bareDialect dialect of a reader that names neither a client nor a dialect
 * @throws {WireError} invalid_query
 */
export function readReaderQuery(
  url: string | undefined,
  agent: string,
  headers?: IncomingHttpHeaders,
  bareDialect: DialectName = 'plain',
): ReaderQuery {
  const query = new URLSearchParams(url?.split('?')[1]);
  const lastEventId = headers && readLastEventId(headers, query);
  const reconnect = lastEventId !== undefined;
  if (!reconnect) checkAgent(query.get('agent'), agent);
  const client = readClient(query.get('client'), reconnect);
  const runConfig = readRunConfig(query, reconnect);
  const dialect = readDialect(query, client === undefined ? bareDialect : 'plain', reconnect);
  return {
    query,
    reconnect,
    cursor: lastEventId ?? query.get('since') ?? undefined,
    client,
    // AgentScope's messages carry speech; a client that reads has to ask for text.
    runConfig: dialect.name === 'agentscope' ? { responseModalities: ['AUDIO'], ...runConfig } : runConfig,
    framing: readFraming(query.get('framing'), reconnect),
    dialect,
  };
}

/**
 * Reads the id that an EventSource repeats when it reconnects. The package event-source-polyfill sends the id as a query parameter, because a
 * header would need a CORS preflight.
 */
function readLastEventId(headers: IncomingHttpHeaders, query: URLSearchParams): string | undefined {
  const header = headers['last-event-id'];
  return (typeof header === 'string' && header) || query.get('lastEventId') || undefined;
}

/** @param lenient whether an invalid value counts as absent */
function readClient(client: string | null, lenient: boolean): string | undefined {
  if (client === null || client === '') return undefined;
  if (isId(client)) return copyText(client);
  if (lenient) return undefined;
  throw new WireError('invalid_query', 'client must be 1 to 128 characters of A-Z a-z 0-9 . _ @ -');
}

function checkAgent(requested: string | null, agent: string): void {
  if (requested === null || requested === '' || requested === agent) return;
  throw new WireError('invalid_query', `agent must be ${agent}: this server has no other agent`);
}

function readRunConfig(query: URLSearchParams, lenient: boolean): RunConfig {
  const isAudio = readFlag(query, 'is_audio', lenient);
  const proactiveAudio = readFlag(query, 'proactivity', lenient);
  const voiceName = copyText(query.get('voice') ?? '');
  const speechConfig = omitUndefined({
    voiceConfig: voiceName ? { prebuiltVoiceConfig: { voiceName } } : undefined,
    languageCode: copyText(query.get('language') ?? '') || undefined,
  });
  return omitUndefined({
    responseModalities: isAudio === undefined ? undefined : ([isAudio ? 'AUDIO' : 'TEXT'] as const),
    speechConfig: Object.keys(speechConfig).length > 0 ? speechConfig : undefined,
    proactivity: proactiveAudio === undefined ? undefined : { proactiveAudio },
    enableAffectiveDialog: readFlag(query, 'affective_dialog', lenient),
  });
}

function readFlag(query: URLSearchParams, name: string, lenient: boolean): boolean | undefined {
  const value = query.get(name);
  if (value === 'true' || value === 'false') return value === 'true';
  if (value === null || value === '' || lenient) return undefined;
  throw new WireError('invalid_query', `${name} must be true or false`);
}

/**
 * Finds the dialect in which a client sends: `dialect` in the query of a POST.
 * @throws {WireError} invalid_query
 */
export function readSenderDialect(url = ''): Dialect {
  // Nearly all clients name none.
  if (!url.includes('dialect=')) return plainDialect;
  return readDialect(new URLSearchParams(url.split('?')[1]), 'plain', false);
}

/** Reads `dialect`, and `audio=none`, with which a reader leaves speech out. */
function readDialect(query: URLSearchParams, fallback: DialectName, lenient: boolean): Dialect {
  const audio = query.get('audio') || undefined;
  if (audio !== undefined && audio !== 'none' && !lenient) {
    throw new WireError('invalid_query', 'audio must be none, or absent');
  }
  const dialect = selectDialect(query.get('dialect') || fallback, audio !== 'none');
  if (dialect) return dialect;
  if (lenient) return plainDialect;
  throw new WireError('invalid_query', `dialect must be ${DIALECT_NAMES.join(', ')}`);
}

function readFraming(framing: string | null, lenient: boolean): Framing {
  if (framing === 'pusher' || framing === 'close' || framing === 'stream') return framing;
  if (framing === null || framing === '' || lenient) return 'stream';
  throw new WireError('invalid_query', 'framing must be stream, pusher or close');
}
