import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SessionHandle } from '../../session/session-handle.ts';
import type { Frame } from '../../wire/dialects/dialect.ts';
import { encodeEventObject } from '../../wire/framing/event-object.ts';
import { WireError } from '../../wire/wire-error.ts';
import type { IdentifiedFrame } from '../delivery/frame-encoder.ts';
import { LogCursor } from '../delivery/log-cursor.ts';
import { WaitingOutput } from '../delivery/waiting-output.ts';
import type { RequestContext } from '../gate.ts';
import type { Headers } from '../http-refusal.ts';
import { readReaderQuery } from '../reader-query.ts';
import { createSessionEvent, openReader, type ReaderRouteOptions } from './open-reader.ts';

/** Time that a poll waits for the next event unless `wait` says otherwise, in seconds. */
const DEFAULT_WAIT_S = 20;
/** Maximum wait in seconds. Load balancers time a request out after 30 s. */
const MAX_WAIT_S = 25;
/** Length of the events in one answer, in characters. A longer entry is still sent whole. */
const MAX_BATCH = 256 * 1024;

/** An event in the answer; without an id it does not move the client. */
type PolledEvent = Omit<IdentifiedFrame, 'id'> & { readonly id: string | undefined };

/**
 * `GET /poll/:userId[/:sessionId]`: the log by long-poll, for networks that let no stream through. Answers with the events after the cursor,
 * or waits for the next one. A poll keeps the live session open like a stream does. It neither supersedes another connection nor is superseded.
 * @throws {WireError} invalid_query, invalid_run_config, too_many_sessions, draining
 */
export async function servePoll(
  req: IncomingMessage,
  res: ServerResponse,
  context: RequestContext,
  options: ReaderRouteOptions,
): Promise<void> {
  const { corsHeaders } = context;
  const query = readReaderQuery(req.url, options.card.agent, req.headers);
  const { dialect } = query;
  const waitMs = readWait(query.query.get('wait')) * 1000;
  const reader = await openReader(context, query, options, true);
  if (reader === 'ended') {
    res.writeHead(204, { 'Cache-Control': 'no-store', ...corsHeaders });
    res.end();
    return;
  }
  const { session, attachment, replaced } = reader;
  const { position, reset } = attachment.start;
  const place = new LogCursor(session.log, dialect, position);
  const first: PolledEvent[] = [];
  if (query.cursor === undefined || reset || replaced) {
    const data = createSessionEvent(reader, query.client, options);
    // As in a stream, the new position comes with the `reset` and not before it.
    addControl(first, reset ? undefined : place.id, dialect.encodeControl('session', data));
  }
  if (reset) addControl(first, place.id, dialect.encodeControl('reset', reset));

  let end = position;
  try {
    let events = readBatch(place);
    if (events.length === 0 && first.length === 0) {
      await waitForEntry(session, res, waitMs);
      events = readBatch(place);
    }
    if (res.destroyed) return;
    end = place.position;
    answerPoll(res, [...first, ...events], place.id, corsHeaders, new WaitingOutput(session.memory));
  } finally {
    attachment.detach(end);
  }
}

function addControl(events: PolledEvent[], id: string | undefined, frames: readonly Frame[]): void {
  for (const frame of frames) events.push({ id, ...frame });
}

/** Reads what there is at the cursor, as much as fits into one answer. */
function readBatch(place: LogCursor): IdentifiedFrame[] {
  const events: IdentifiedFrame[] = [];
  let size = 0;
  for (let held = place.peek(); held && size <= MAX_BATCH; held = place.peek()) {
    for (const frame of place.take(held)) {
      events.push(frame);
      size += frame.data.length;
    }
  }
  // The next poll begins behind dropped audio that was passed: report that now.
  const gap = place.takeGap();
  if (gap) events.push(gap);
  return events;
}

/** Resolves when an entry was appended, the session is over, the wait is over, or the client has disconnected. */
function waitForEntry(session: SessionHandle, res: ServerResponse, waitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const { log } = session;
    const { head } = log;
    const stopWaiting = () => {
      clearTimeout(timer);
      unsubscribe();
      res.off('close', stopWaiting);
      resolve();
    };
    const timer = setTimeout(stopWaiting, waitMs).unref();
    const unsubscribe = log.subscribe(() => {
      if (log.head > head || session.over) stopWaiting();
    });
    res.on('close', stopWaiting);
    // The client may have disconnected while its position was looked up.
    if (res.destroyed) stopWaiting();
  });
}

function answerPoll(
  res: ServerResponse,
  events: readonly PolledEvent[],
  cursor: string,
  corsHeaders: Headers,
  waiting: WaitingOutput,
): void {
  const list = events.map(({ id, event, data }) => encodeEventObject(id, event, data));
  // As bytes: of a string Node makes a copy of three times its length.
  const json = Buffer.from(`{"events":[${list.join(',')}],"cursor":"${cursor}"}`);
  res.writeHead(200, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': json.length,
    'Cache-Control': 'no-store, no-transform',
    'X-Content-Type-Options': 'nosniff',
    ...corsHeaders,
  });
  res.end(json);
  if (res.writableLength === 0) return;
  res.on('close', () => waiting.onClosed());
  if (!waiting.onBlocked(res.writableLength)) res.destroy();
}

function readWait(wait: string | null): number {
  if (wait === null || wait === '') return DEFAULT_WAIT_S;
  const seconds = Number(wait);
  if (seconds >= 0 && seconds <= MAX_WAIT_S) return seconds;
  throw new WireError('invalid_query', `wait must be 0 to ${MAX_WAIT_S} seconds`);
}
