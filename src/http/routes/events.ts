import type { IncomingMessage, ServerResponse } from 'node:http';
import { encodeSse } from '../../wire/framing/sse.ts';
import { WireError } from '../../wire/wire-error.ts';
import { PushReader } from '../delivery/push-reader.ts';
import { SseSink } from '../delivery/sse-sink.ts';
import type { RequestContext } from '../gate.ts';
import type { Headers } from '../http-refusal.ts';
import { type ReaderQuery, readReaderQuery } from '../reader-query.ts';
import { endAtExpiry } from './credential-expiry.ts';
import { createSessionEvent, type OpenReader, openReader, type ReaderRouteOptions } from './open-reader.ts';

const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  // no-transform: a proxy that compresses buffers events until its buffer is full.
  'Cache-Control': 'no-store, no-transform',
  // https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering
  'X-Accel-Buffering': 'no',
  'X-Content-Type-Options': 'nosniff',
};

/** Minimum wait before a reconnecting EventSource that was refused tries again, in ms. */
const REFUSED_RETRY_MS = 5_000;

/**
 * `GET /events/:userId[/:sessionId]`: the log as server-sent events. Opens the live session if there is none.
 * @throws {WireError} invalid_query, invalid_run_config, too_many_sessions, draining
 */
export async function serveEvents(
  req: IncomingMessage,
  res: ServerResponse,
  context: RequestContext,
  options: ReaderRouteOptions,
): Promise<void> {
  const { corsHeaders } = context;
  const query = readReaderQuery(req.url, options.card.agent, req.headers);
  let reader: OpenReader | 'ended';
  try {
    reader = await openReader(context, query, options);
  } catch (error) {
    if (!query.reconnect || !(error instanceof WireError)) throw error;
    refuseReconnect(res, error, corsHeaders);
    return;
  }
  if (reader === 'ended') {
    // 204 makes an EventSource stop (WHATWG HTML, "Server-sent events", processing model).
    res.writeHead(204, { 'Cache-Control': 'no-store', ...corsHeaders });
    res.end();
  } else if (res.destroyed) reader.attachment.detach(reader.attachment.start.position);
  else streamEvents(req, res, reader, query, context, options);
}

function streamEvents(
  req: IncomingMessage,
  res: ServerResponse,
  reader: OpenReader,
  { client, framing, dialect }: ReaderQuery,
  { corsHeaders, principal }: RequestContext,
  options: ReaderRouteOptions,
): void {
  const { session, attachment } = reader;
  // The end of the connection ends the body: HAProxy delays each chunk of a chunked body by 200 ms.
  if (framing === 'close') res.useChunkedEncodingByDefault = false;
  res.writeHead(200, { ...STREAM_HEADERS, ...corsHeaders });
  res.flushHeaders();
  const stream = new PushReader(new SseSink(res, framing, session.memory), session.log, attachment, {
    dialect,
    client,
    heartbeatMs: options.heartbeatMs,
    renewMs: options.renewMs,
    // An EventSource asks for this type and reconnects (WHATWG HTML, "Server-sent events"). curl accepts anything.
    reconnects: req.headers.accept?.includes('text/event-stream') ?? false,
    stallMs: options.stallMs,
    sessionEvent: createSessionEvent(reader, client, options),
  });
  stream.start();
  const stopWaiting = endAtExpiry(stream, principal.expiresAt);
  res.on('close', () => {
    stopWaiting();
    stream.onClosed();
    attachment.detach(stream.position);
  });
}

/** Reports a refusal in a stream. A native EventSource does not reconnect after a status other than 200, but the refusal may not last. */
function refuseReconnect(res: ServerResponse, error: WireError, corsHeaders: Headers): void {
  res.writeHead(200, { ...STREAM_HEADERS, ...corsHeaders });
  const failure = JSON.stringify(error.body());
  const retry = Math.max(REFUSED_RETRY_MS, error.details.retry_after_ms ?? 0);
  res.end(encodeSse({ retry }) + encodeSse({ event: 'failure', data: failure }));
}
