import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AgentCard } from '../../agent/run/runner.ts';
import { adkDialect } from '../../wire/dialects/adk.ts';
import { agentScopePageDialect } from '../../wire/dialects/agentscope.ts';
import type { Dialect, Frame } from '../../wire/dialects/dialect.ts';
import type { ErrorCode } from '../../wire/error-catalogue.ts';
import { type ErrorBody, WireError } from '../../wire/wire-error.ts';
import { logServerFault } from '../answer.ts';
import { PushReader } from '../delivery/push-reader.ts';
import { BARE_MESSAGES, EVENT_OBJECTS, WebSocketSink } from '../delivery/websocket-sink.ts';
import type { RequestContext } from '../gate.ts';
import type { FrameMeter } from '../limits/address-limits.ts';
import { type ReaderQuery, readReaderQuery } from '../reader-query.ts';
import type { RouteMatch } from '../route-match.ts';
import { readRunLiveQuery } from '../run-live-query.ts';
import type { ServedSocket } from '../served-socket.ts';
import { BareMessages } from './bare-messages.ts';
import { endAtExpiry } from './credential-expiry.ts';
import { openAdkPage } from './open-adk-page.ts';
import { createSessionEvent, type OpenReader, openReader, type ReaderRouteOptions } from './open-reader.ts';
import type { RefusedUpgrade } from './refuse-socket.ts';
import { type FrameAnswer, WebSocketUplink } from './websocket-uplink.ts';

export interface WebSocketRouteOptions {
  readonly events: ReaderRouteOptions;
}

/** An upgrade request whose live session is open: all that is left is the handshake. */
export interface AcceptedUpgrade extends OpenReader {
  readonly context: RequestContext;
  /** The `client` of the query; `undefined` for a page that knows nothing of ids and numbers, and gets bare messages. */
  readonly client: string | undefined;
  readonly dialect: Dialect;
  /** Whether the first message of a page cannot change the dialect: the query names it, or the path belongs to one. */
  readonly isDialectChosen: boolean;
  /** Why settings of the query are ignored; `undefined` if none is. */
  readonly ignored: ErrorBody | undefined;
  /** Leaves the session; for a handshake that fails after all. */
  abandon(): void;
}

/**
 * Opens the live session of a handshake, as `GET /events` does, while a refusal can still be an HTTP answer. A page that was written for another
 * server gets its refusal on the WebSocket, unless the server has no room for it.
 * @throws {WireError} invalid_query, invalid_run_config, too_many_sessions, server_busy, session_ended, draining
 */
export async function acceptUpgrade(
  req: IncomingMessage,
  context: RequestContext,
  route: RouteMatch,
  { events }: WebSocketRouteOptions,
): Promise<AcceptedUpgrade | RefusedUpgrade> {
  let pageDialects: readonly Dialect[] = route.name === 'run_live' ? [adkDialect] : [];
  try {
    const query = readQuery(req.url, route, events.card);
    if (query.client === undefined && query.dialect.name !== 'plain') pageDialects = listPageDialects(query, route);
    return await openUpgrade(context, route, query, events);
  } catch (error) {
    if (pageDialects.length === 0 || !(error instanceof WireError) || NO_ROOM.includes(error.code)) throw error;
    const messages = pageDialects.map((dialect) => dialect.encodeRefusal(error.body(), events.card));
    return { refusal: error, messages };
  }
}

/** Refusals of a server that has no room for one more WebSocket. */
const NO_ROOM: readonly ErrorCode[] = ['server_busy', 'draining'];

/** A path that names a session without a client is that of ADK's bidi-demo. */
function readQuery(
  url: string | undefined,
  { name, sessionId }: RouteMatch,
  { agent, appName }: AgentCard,
): ReaderQuery {
  if (name === 'run_live') return readRunLiveQuery(url, [agent, appName]);
  return readReaderQuery(url, agent, undefined, sessionId === undefined ? 'plain' : 'adk');
}

/** Dialects of which a page may be: two if its first message decides. A page ignores messages that it does not know. */
function listPageDialects(query: ReaderQuery, { name }: RouteMatch): readonly Dialect[] {
  return isUndecided(query, name) ? [query.dialect, agentScopePageDialect] : [query.dialect];
}

/** Whether a page without a client gets the messages of ADK's bidi-demo. */
function isAdkPage({ client, dialect }: ReaderQuery, name: RouteMatch['name']): boolean {
  return client === undefined && dialect.name === 'adk' && name === 'ws';
}

/** Whether the first message of a page decides between two dialects. */
function isUndecided(query: ReaderQuery, name: RouteMatch['name']): boolean {
  return isAdkPage(query, name) && !query.query.get('dialect');
}

async function openUpgrade(
  context: RequestContext,
  { name }: RouteMatch,
  query: ReaderQuery,
  events: ReaderRouteOptions,
): Promise<AcceptedUpgrade> {
  const { client, dialect } = query;
  const isBare = client === undefined;
  const isDialectChosen = !isUndecided(query, name);
  const mayConfigure = isBare && (dialect.name === 'agentscope' || !isDialectChosen);
  const named = {
    ...query,
    client: client ?? ANONYMOUS,
    canResume: !isBare,
    ...(mayConfigure ? { firstRunDelayMs: FIRST_MESSAGE_MS } : {}),
  };
  const { reader, ignored } = isAdkPage(query, name)
    ? await openAdkPage(context, named, events)
    : { reader: await openReader(context, named, events), ignored: undefined };
  if (reader === 'ended') throw new WireError('session_ended');
  const { attachment } = reader;
  return {
    ...reader,
    context,
    client,
    dialect,
    isDialectChosen,
    ignored,
    abandon: () => attachment.detach(attachment.start.position),
  };
}

/**
 * Maximum wait of a new session for the first message of a page before its run starts, in ms. The page of AgentScope sends its config in that message. A
 * page that sends it later has its run replaced.
 */
const FIRST_MESSAGE_MS = 500;

/**
 * Name of all WebSockets of a session that name no client: the newest of them gets the events. A page may open a second one without closing
 * the first, and would show everything twice. No client can choose this name, because it is not an id.
 */
const ANONYMOUS = '(anonymous)';

/** Serves both directions of an open WebSocket: events down, items up. */
export function serveSocket(
  socket: ServedSocket,
  connection: Duplex,
  accepted: AcceptedUpgrade,
  frames: FrameMeter,
  { events }: WebSocketRouteOptions,
): void {
  const { context, client, dialect, isDialectChosen, ignored, session, attachment } = accepted;
  const { draining, heartbeatMs, renewMs, stallMs } = events;
  const isBare = client === undefined;
  const sink = new WebSocketSink(socket, connection, isBare ? BARE_MESSAGES : EVENT_OBJECTS, session.memory);
  const sessionEvent = createSessionEvent(accepted, client, events);
  const whenSuperseded = isBare ? ('mute' as const) : ('end' as const);
  const options = { dialect, client, heartbeatMs, renewMs, reconnects: true, stallMs, sessionEvent, whenSuperseded };
  const stream = new PushReader(sink, session.log, attachment, options);
  const onDialect = (changed: Dialect) => stream.changeDialect(changed);
  const write = (frame: Frame) => sink.writeAnswer(frame);
  const page = new BareMessages({ dialect, isDialectChosen, session, sessionEvent, onDialect, write });
  stream.start();
  if (ignored) page.refuse(ignored);
  const stopWaiting = endAtExpiry(stream, context.principal.expiresAt);
  const onBug = (error: unknown) => logServerFault(context.logger, error);
  const answer = (data: FrameAnswer) =>
    isBare ? page.answer(data) : write({ event: 'answer', data: JSON.stringify(data) });
  socket.writeError = (error) => (isBare ? page.refuse(error) : answer({ cseq: undefined, ...error }));
  const sender = isBare ? page : { client, dialect };
  new WebSocketUplink(socket, { session, sender, frames, draining, onBug, answer }).start();
  // `ws` closes a socket that breaks the protocol; `close` follows.
  socket.on('error', () => {});
  socket.on('close', () => {
    stopWaiting();
    stream.onClosed();
    attachment.detach(stream.position);
  });
}
