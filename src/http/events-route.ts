import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AgentCard } from '../agent/runner.ts';
import type { ActiveSessions, Opened } from '../session/active-sessions.ts';
import type { LiveSession } from '../session/live-session.ts';
import { WireError } from '../wire/error-catalogue.ts';
import type { ConnectionEvents } from '../wire/named-events.ts';
import { encodeSse } from '../wire/sse.ts';
import { LogReader } from './log-reader.ts';
import { readReaderQuery } from './reader-query.ts';
import type { RouteIds } from './route-ids.ts';
import { SseSink } from './sse-sink.ts';

export interface EventsRouteOptions {
  readonly sessions: ActiveSessions;
  readonly card: AgentCard;
  readonly heartbeatMs: number;
  readonly stallMs: number;
  readonly limits: ConnectionEvents['session']['limits'];
  /** Name and version of the server. */
  readonly server: string;
  /** All open connections, for a shutdown. */
  readonly readers: Set<LogReader<unknown>>;
  /** The server takes no new sessions any more. */
  readonly draining: () => boolean;
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
 * @throws {WireError} invalid_query, invalid_run_config, too_many_sessions, draining
 */
export async function serveEvents(
  req: IncomingMessage,
  res: ServerResponse,
  { userId, sessionId }: RouteIds,
  options: EventsRouteOptions,
  corsHeaders: Record<string, string>,
): Promise<void> {
  const reader = readReaderQuery(req.url, options.card.agent, req.headers['last-event-id']);
  const { cursor, reconnect, client, settings, framing } = reader;

  let opened: Opened | 'ended';
  try {
    if (options.draining()) throw new WireError('draining');
    opened = options.sessions.open({ userId, sessionId, settings, cursor, reconnect });
  } catch (error) {
    if (!reconnect || !(error instanceof WireError)) throw error;
    // A native EventSource never comes back after a status other than 200, so a refusal that will pass is told in a stream.
    res.writeHead(200, { ...STREAM_HEADERS, ...corsHeaders });
    const failure = JSON.stringify(error.body());
    res.end(encodeSse({ retry: REFUSED_RETRY_MS }) + encodeSse({ event: 'failure', data: failure }));
    return;
  }
  if (opened === 'ended') {
    // 204 tells an EventSource to stop (WHATWG, "server-sent events", processing model).
    res.writeHead(204, { 'Cache-Control': 'no-store', ...corsHeaders });
    res.end();
    return;
  }

  const live = opened.session;
  const start = await live.attach(cursor, reader);
  if (res.destroyed || options.draining()) {
    live.detach(reader, start.position);
    if (res.destroyed) return;
    throw new WireError('draining');
  }
  // Ended by the end of the connection: HAProxy holds each chunk of a chunked body for 200 ms.
  if (framing === 'close') res.useChunkedEncodingByDefault = false;
  res.writeHead(200, { ...STREAM_HEADERS, ...corsHeaders });
  res.flushHeaders();
  const stream = new LogReader(new SseSink(res, framing), live, start, {
    client,
    heartbeatMs: options.heartbeatMs,
    stallMs: options.stallMs,
    hello: describeSession(live, client, options),
  });
  options.readers.add(stream);
  res.on('close', () => {
    stream.closed();
    options.readers.delete(stream);
    live.detach(reader, stream.position);
  });
}

/** What a reader is told first. */
export function describeSession(
  session: LiveSession,
  client: string | undefined,
  { card, limits, server }: EventsRouteOptions,
): ConnectionEvents['session'] {
  return {
    epoch: session.log.epoch,
    user_id: session.userId,
    session_id: session.sessionId,
    client: client ?? null,
    next: session.next(client),
    agent: card.agent,
    model: card.model,
    modality: session.modality,
    input_rate: card.inputRate,
    output_rate: card.outputRate,
    limits,
    server,
  };
}
