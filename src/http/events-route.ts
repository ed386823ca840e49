import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AgentCard } from '../agent/runner.ts';
import type { ActiveSessions } from '../session/active-sessions.ts';
import type { LiveSession } from '../session/live-session.ts';
import type { Modality } from '../session/run-supervisor.ts';
import { WireError } from '../wire/error-catalogue.ts';
import type { ConnectionEvents } from '../wire/named-events.ts';
import { encodeSse } from '../wire/sse.ts';
import { SseReader } from './sse-reader.ts';

export interface EventsRouteOptions {
  readonly sessions: ActiveSessions;
  readonly card: AgentCard;
  readonly heartbeatMs: number;
  readonly stallMs: number;
  readonly limits: ConnectionEvents['session']['limits'];
  /** Name and version of the server. */
  readonly server: string;
  /** All open connections, for a shutdown. */
  readonly readers: Set<SseReader>;
  /** The server takes no new sessions any more. */
  readonly draining: () => boolean;
}

export interface RouteIds {
  readonly userId: string;
  readonly sessionId: string;
}

const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  // no-transform: a proxy that compresses holds events back until its buffer is full.
  'Cache-Control': 'no-store, no-transform',
  // https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering
  'X-Accel-Buffering': 'no',
  'X-Content-Type-Options': 'nosniff',
};

/** After which time a reconnecting EventSource that was refused is to come back, ms. */
const REFUSED_RETRY_MS = 5_000;

/**
 * `GET /events/:userId[/:sessionId]`: the stream down. Opens the live session if there is none.
 * @throws {WireError} invalid_query, too_many_sessions, draining
 */
export async function serveEvents(
  req: IncomingMessage,
  res: ServerResponse,
  { userId, sessionId }: RouteIds,
  options: EventsRouteOptions,
  corsHeaders: Record<string, string>,
): Promise<void> {
  const query = new URLSearchParams(req.url?.split('?')[1]);
  const lastEventId = req.headers['last-event-id'];
  const reconnect = typeof lastEventId === 'string' && lastEventId !== '';
  const cursor = reconnect ? lastEventId : (query.get('since') ?? undefined);
  const modality = readModality(query.get('is_audio'), reconnect);

  let session: LiveSession | 'ended';
  try {
    if (options.draining()) throw new WireError('draining');
    session = options.sessions.open({ userId, sessionId, modality, cursor, reconnect });
  } catch (error) {
    if (!reconnect || !(error instanceof WireError)) throw error;
    // A native EventSource never comes back after a status other than 200, so a refusal that will pass is told in a stream.
    res.writeHead(200, { ...STREAM_HEADERS, ...corsHeaders });
    const failure = JSON.stringify(error.body());
    res.end(encodeSse({ retry: REFUSED_RETRY_MS }) + encodeSse({ event: 'failure', data: failure }));
    return;
  }
  if (session === 'ended') {
    // 204 tells an EventSource to stop (WHATWG, "server-sent events", processing model).
    res.writeHead(204, { 'Cache-Control': 'no-store', ...corsHeaders });
    res.end();
    return;
  }

  const live = session;
  const start = await live.attach(cursor);
  if (res.destroyed) {
    live.detach(start.position);
    return;
  }
  res.writeHead(200, { ...STREAM_HEADERS, ...corsHeaders });
  res.flushHeaders();
  const { card } = options;
  const reader = new SseReader(res, live, start, {
    heartbeatMs: options.heartbeatMs,
    stallMs: options.stallMs,
    hello: {
      epoch: live.log.epoch,
      user_id: userId,
      session_id: sessionId,
      agent: card.agent,
      model: card.model,
      modality: live.modality,
      input_rate: card.inputRate,
      output_rate: card.outputRate,
      limits: options.limits,
      server: options.server,
    },
  });
  options.readers.add(reader);
  res.on('close', () => {
    reader.close();
    options.readers.delete(reader);
    live.detach(reader.position);
  });
}

/** A reconnect is never refused for its query. */
function readModality(isAudio: string | null, reconnect: boolean): Modality | undefined {
  if (isAudio === 'true') return 'AUDIO';
  if (isAudio === 'false') return 'TEXT';
  if (isAudio === null || isAudio === '' || reconnect) return undefined;
  throw new WireError('invalid_query', 'is_audio must be true or false');
}
