import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { LiveSession, Start } from '../session/live-session.ts';
import { WireError } from '../wire/error-catalogue.ts';
import { answerError } from './answer.ts';
import { describeSession, type EventsRouteOptions } from './events-route.ts';
import { LogReader } from './log-reader.ts';
import { checkOrigin, type OriginOptions } from './origins.ts';
import { type ReaderQuery, readReaderQuery } from './reader-query.ts';
import { type BodyLimits, enter, holdMore, leave, type UnderWay } from './request-body.ts';
import { type RouteIds, readIds } from './route-ids.ts';
import { SocketSink } from './socket-sink.ts';
import { receiveFrames } from './socket-uplink.ts';

export interface SocketDoorOptions {
  readonly events: EventsRouteOptions;
  readonly origins: OriginOptions;
  /** A larger frame closes its socket with 1009; one that pauses longer, or takes four times that, is cut off. */
  readonly frameLimits: BodyLimits;
  /** Told of errors that are no client's fault. */
  readonly onBug: (error: unknown) => void;
}

/** Takes the upgrades of an HTTP server. */
export interface SocketDoor {
  /** Which requests it takes; for `shouldUpgradeCallback`, so that one for HTTP/2 is answered as if it did not ask. */
  readonly takes: (req: IncomingMessage) => boolean;
  /** For `upgrade`. */
  readonly take: (req: IncomingMessage, connection: Duplex, head: Buffer) => void;
  /** Cuts every connection that was upgraded or asks to be: the server itself has forgotten them. */
  cut(): void;
}

/** What an answer says to a request that should have been a handshake (RFC 9110, section 15.5.22). */
export const UPGRADE_HEADERS = { Upgrade: 'websocket', Connection: 'Upgrade, close', 'Sec-WebSocket-Version': '13' };

/** As the API's other routes are read. */
const PATH = /^(?:https?:\/\/[^/?#]*)?\/ws\/([^/]+)(?:\/([^/]+))?\/?$/i;
/** 16 bytes in base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/;

/** `WS /ws/:userId[/:sessionId]`: both ways on one connection. Opens the live session if there is none, as `GET /events` does. */
export function createSocketDoor(options: SocketDoorOptions): SocketDoor {
  const handshakes = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // Speech does not compress, and a deflate context costs 300 kB a connection.
    perMessageDeflate: false,
    maxPayload: options.frameLimits.maxBytes,
    // Such a frame is refused, as any that cannot be read; `ws` would close the socket.
    skipUTF8Validation: true,
  });
  handshakes.on('wsClientError', ({ message }, connection, req) =>
    refuse(req, connection, new WireError('upgrade_required', message), options),
  );
  const connections = new Set<Duplex>();
  return {
    takes: ({ headers, url = '' }) => headers.upgrade?.toLowerCase() === 'websocket' && PATH.test(pathOf(url)),
    take(req, connection, head) {
      if (!isFree(req, connection)) {
        connection.destroy();
        return;
      }
      connections.add(connection);
      connection.on('close', () => connections.delete(connection));
      connection.on('error', () => connection.destroy());
      admit(req, options)
        .then(
          (visit) => open(visit, handshakes, req, connection, head, options),
          (error) => refuse(req, connection, error, options),
        )
        .catch((error) => {
          options.onBug(error);
          connection.destroy();
        });
    },
    cut() {
      for (const connection of connections) connection.destroy();
    },
  };
}

/** What a client that may come in has. */
interface Visit {
  readonly reader: ReaderQuery & { readonly client: string };
  readonly session: LiveSession;
  readonly start: Start;
}

/**
 * Decides before the handshake, while a refusal can still be an HTTP answer.
 * @throws {WireError} host_not_allowed, origin_not_allowed, not_found, invalid_id, method_not_allowed, upgrade_required, invalid_query,
 * invalid_run_config, too_many_sessions, session_ended, draining
 */
async function admit(req: IncomingMessage, { events, origins }: SocketDoorOptions): Promise<Visit> {
  checkOrigin(req, { ...origins, strict: true });
  const { userId, sessionId } = readPath(req.url);
  checkHandshake(req);
  const { client, ...query } = readReaderQuery(req.url, events.card.agent);
  if (client === undefined) throw new WireError('invalid_query', 'client must be given: a name for this client');
  const reader = { ...query, client };
  if (events.draining()) throw new WireError('draining');
  const opened = events.sessions.open({ userId, sessionId, ...reader });
  if (opened === 'ended') throw new WireError('session_ended');
  const { session } = opened;
  const start = await session.attach(reader.cursor, reader);
  if (!events.draining()) return { reader, session, start };
  session.detach(reader, start.position);
  throw new WireError('draining');
}

function open(
  { reader, session, start }: Visit,
  handshakes: WebSocketServer,
  req: IncomingMessage,
  connection: Duplex,
  head: Buffer,
  { events, frameLimits, onBug }: SocketDoorOptions,
): void {
  const { readers, draining, heartbeatMs, stallMs } = events;
  const { client } = reader;
  let opened = false;
  handshakes.handleUpgrade(req, connection, head, (socket) => {
    opened = true;
    const sink = new SocketSink(socket, connection);
    const hello = describeSession(session, client, events);
    const stream = new LogReader(sink, session, start, { client, heartbeatMs, stallMs, hello });
    readers.add(stream);
    watchFrames(socket, connection, frameLimits);
    receiveFrames(socket, { session, client, draining, onBug }, (data) => sink.answer(data));
    // `ws` ends a socket that breaks the protocol; `close` follows.
    socket.on('error', () => {});
    socket.on('close', () => {
      stream.closed();
      readers.delete(stream);
      session.detach(reader, stream.position);
    });
  });
  // The client has left, or `ws` found something to refuse.
  if (!opened) session.detach(reader, start.position);
}

function refuse(req: IncomingMessage, connection: Duplex, error: unknown, { onBug }: SocketDoorOptions): void {
  const res = new ServerResponse(req);
  try {
    res.assignSocket(connection as Socket); // as those of an HTTP server are
  } catch {
    // The answer to a request before this one is still being written.
    connection.destroy();
    return;
  }
  res.shouldKeepAlive = false;
  res.on('finish', () => connection.destroy());
  answerError(req, res, error, onBug, headersOf(error));
}

function headersOf(error: unknown): Record<string, string> {
  if (!(error instanceof WireError)) return {};
  if (error.code === 'upgrade_required') return UPGRADE_HEADERS;
  return error.code === 'method_not_allowed' ? { Allow: 'GET' } : {};
}

function pathOf(url: string): string {
  return url.split(/[?#]/)[0] ?? '';
}

/** Whether the answer to the request before this one has been written: it would come between the frames. */
function isFree(req: IncomingMessage, connection: Duplex): boolean {
  const res = new ServerResponse(req);
  try {
    res.assignSocket(connection as Socket); // as those of an HTTP server are
    res.detachSocket(connection as Socket);
    return true;
  } catch {
    return false;
  }
}

/** @throws {WireError} not_found, invalid_id */
function readPath(url = ''): RouteIds {
  const path = pathOf(url);
  const [, userId, sessionId] = PATH.exec(path) ?? [];
  if (userId === undefined) throw new WireError('not_found', `There is nothing at ${path.slice(0, 200)}`);
  return readIds(userId, sessionId);
}

/** `ws` would see it too, but only when the session is open. @throws {WireError} method_not_allowed, upgrade_required */
function checkHandshake({ method, headers }: IncomingMessage): void {
  if (method !== 'GET') throw new WireError('method_not_allowed', `${method} is not allowed here; use GET`);
  const { 'sec-websocket-key': key = '', 'sec-websocket-version': version } = headers;
  if (version !== '13' || !KEY.test(key)) throw new WireError('upgrade_required');
}

/** What has come of a frame that is not complete counts with the bodies of all requests under way. */
function watchFrames(socket: WebSocket, connection: Duplex, limits: BodyLimits): void {
  let frame: UnderWay | undefined;
  const complete = () => {
    if (frame) leave(frame);
    frame = undefined;
  };
  const begin = (): UnderWay => {
    const now = Date.now();
    const isPaused = () => socket.isPaused;
    const begun: UnderWay = {
      bytes: 0,
      isPaused,
      limits,
      began: now,
      endless: false,
      last: now,
      fail: () => {
        complete();
        socket.terminate();
      },
    };
    enter(begun);
    return begun;
  };
  // Before `ws` itself, whose frames then end what this begins.
  connection.prependListener('data', (chunk: Buffer) => {
    frame ??= begin();
    frame.last = Date.now();
    holdMore(frame, chunk.length);
  });
  for (const whole of ['message', 'ping', 'pong'] as const) socket.on(whole, complete);
  socket.on('close', complete);
}
