import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LogPosition } from '../session/event-log.ts';
import type { LiveSession } from '../session/live-session.ts';
import { formatCursor } from '../wire/cursor.ts';
import { WireError } from '../wire/error-catalogue.ts';
import { encodeEventObject } from '../wire/event-object.ts';
import { encodePlain } from '../wire/plain-dialect.ts';
import { describeSession, type EventsRouteOptions } from './events-route.ts';
import { readReaderQuery } from './reader-query.ts';
import type { RouteIds } from './route-ids.ts';

/** How long a poll is held if there is nothing to say, seconds. */
const DEFAULT_WAIT_S = 20;
/** Under the 30 s after which load balancers give a request up. */
const MAX_WAIT_S = 25;
/** Characters of events in one answer; one event is always taken, whatever its size. */
const MAX_BATCH = 256 * 1024;

interface PolledEvent {
  readonly id: string | undefined;
  readonly event?: string;
  /** JSON. */
  readonly data: string;
}

/**
 * `GET /poll/:userId[/:sessionId]`: the stream down for networks that let no stream through: answers with what there is after the cursor,
 * or waits for it. A poll counts as presence, and neither supersedes nor is superseded.
 * @throws {WireError} invalid_query, invalid_run_config, too_many_sessions, draining
 */
export async function servePoll(
  req: IncomingMessage,
  res: ServerResponse,
  { userId, sessionId }: RouteIds,
  options: EventsRouteOptions,
  corsHeaders: Record<string, string>,
): Promise<void> {
  const reader = readReaderQuery(req.url, options.card.agent, req.headers['last-event-id']);
  const waitMs = readWait(reader.query.get('wait')) * 1000;
  if (options.draining()) throw new WireError('draining');
  const { cursor, reconnect, settings, client } = reader;
  const opened = options.sessions.open({ userId, sessionId, settings, cursor, reconnect });
  if (opened === 'ended') {
    res.writeHead(204, { 'Cache-Control': 'no-store', ...corsHeaders });
    res.end();
    return;
  }
  const { session, replaced } = opened;
  const { position, reset } = await session.attach(cursor, reader, true);
  const greeting: PolledEvent[] = [];
  const at = session.log.idAt(position);
  if (cursor === undefined || reset || replaced) {
    // As in a stream: the new place is told with the reset, not before it.
    const id = reset ? undefined : at;
    greeting.push({ id, event: 'session', data: JSON.stringify(describeSession(session, client, options)) });
  }
  if (reset) greeting.push({ id: at, event: 'reset', data: JSON.stringify(reset) });

  let end = position;
  try {
    let { events, next } = readBatch(session, position);
    if (events.length === 0 && greeting.length === 0) {
      await untilMore(session, res, waitMs);
      ({ events, next } = readBatch(session, position));
    }
    if (res.destroyed) return;
    end = next;
    answerPoll(res, [...greeting, ...events], session.log.idAt(next), corsHeaders);
    cutIfStuck(res, options.stallMs);
  } finally {
    session.detach(reader, end);
  }
}

/** A client that does not take its answer must not keep it here. */
function cutIfStuck(res: ServerResponse, stallMs: number): void {
  const cut = setTimeout(() => res.destroy(), stallMs).unref();
  res.once('close', () => clearTimeout(cut));
}

/** What there is from `position` on, as much as one answer takes. */
function readBatch({ log }: LiveSession, { seq, frames }: LogPosition): { events: PolledEvent[]; next: LogPosition } {
  const events: PolledEvent[] = [];
  let size = 0;
  let from = frames;
  let gapMs = 0;
  const tellGap = (position: LogPosition) => {
    const data = JSON.stringify({ audio_ms: Math.round(gapMs) });
    if (gapMs > 0) events.push({ id: log.idAt(position), event: 'gap', data });
    gapMs = 0;
  };
  let at = seq;
  for (; at <= log.head; at += 1) {
    const entry = log.at(at);
    if (!entry || (size > MAX_BATCH && from === 0)) break;
    const lost = [...log.lostMs(at)];
    const encoded = encodePlain(entry);
    encoded.forEach(({ event, data }, index) => {
      const lostMs = data === '' ? (lost.shift() ?? 0) : 0;
      if (index < from) return;
      gapMs += lostMs;
      if (data === '') return;
      tellGap({ seq: at, frames: index });
      const id = formatCursor(log.epoch, at, index === encoded.length - 1 ? undefined : index + 1);
      events.push(event === undefined ? { id, data } : { id, event, data });
      size += data.length;
    });
    from = 0;
  }
  const next = { seq: at, frames: 0 };
  // The next poll begins behind it.
  tellGap(next);
  return { events, next };
}

/** Resolves when something was appended, the session is over, the time is over, or the client has gone. */
function untilMore(session: LiveSession, res: ServerResponse, waitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const { log } = session;
    const { head } = log;
    const done = () => {
      clearTimeout(timer);
      stop();
      res.off('close', done);
      resolve();
    };
    const timer = setTimeout(done, waitMs).unref();
    const stop = log.subscribe(() => {
      if (log.head > head || session.over) done();
    });
    res.on('close', done);
    // It may have gone while its place in the log was looked up.
    if (res.destroyed) done();
  });
}

function answerPoll(
  res: ServerResponse,
  events: readonly PolledEvent[],
  cursor: string,
  corsHeaders: Record<string, string>,
): void {
  const list = events.map(({ id, event, data }) => encodeEventObject(id, event, data));
  const json = `{"events":[${list.join(',')}],"cursor":"${cursor}"}`;
  res.writeHead(200, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(json),
    'Cache-Control': 'no-store, no-transform',
    'X-Content-Type-Options': 'nosniff',
    ...corsHeaders,
  });
  res.end(json);
}

function readWait(wait: string | null): number {
  if (wait === null || wait === '') return DEFAULT_WAIT_S;
  const seconds = Number(wait);
  if (seconds >= 0 && seconds <= MAX_WAIT_S) return seconds;
  throw new WireError('invalid_query', `wait must be 0 to ${MAX_WAIT_S} seconds`);
}
