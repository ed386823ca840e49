import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Server, WebSocketServer } from 'ws';
import { WireError } from '../../wire/wire-error.ts';
import { answerError, logServerFault } from '../answer.ts';
import type { BodyBudget } from '../body-budget.ts';
import { FrameLimiter } from '../frame-limiter.ts';
import { type Gate, logRefusal, type RequestContext, type RequestLogger } from '../gate.ts';
import { HttpRefusal } from '../http-refusal.ts';
import { checkUpgradeHasNoBody } from '../message-check.ts';
import { PayloadUnmasker } from '../payload-unmasker.ts';
import { createMethodRefusal } from '../request-method.ts';
import { createNotFoundError, isSocketRoute, matchRoute } from '../route-match.ts';
import { ServedSocket } from '../served-socket.ts';
import type { StallWatch } from '../stall-watch.ts';
import { assignResponse } from './assign-response.ts';
import { refuseSocket } from './refuse-socket.ts';
import { UPGRADE_HEADERS } from './router.ts';
import { acceptUpgrade, serveSocket, type WebSocketRouteOptions } from './websocket.ts';

export interface WebSocketServerAdapterOptions {
  readonly gate: Gate;
  readonly route: WebSocketRouteOptions;
  /** Its limits hold for frames too: a larger message closes its socket with 1009, a slower one with 1008. */
  readonly bodies: BodyBudget;
  readonly stalls: StallWatch;
  readonly logger: RequestLogger;
}

/**
 * Maximum number of frames that form one message: one for each 4 KiB of the largest message, and at least 1,024. Browsers send a message of 4 MiB
 * in 32. At the limit the socket is closed with 1008. Only the message counts as a request, and 64 KiB hold 10,000 empty frames.
 */
const BYTES_PER_FRAGMENT = 4_096;
const MIN_FRAGMENTS = 1_024;
/**
 * Maximum number of chunks in which a frame arrives: one for each 512 bytes of the largest frame, and at least 8,192. At the limit the socket
 * is closed with 1008. Each chunk costs 530 bytes of memory.
 */
const BYTES_PER_CHUNK = 512;
const MIN_CHUNKS = 8_192;
/** 16 bytes in base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/;

/** Connects the upgrade requests of an HTTP server with `WS /ws/:userId[/:sessionId]` and `WS /run_live`. */
export class WebSocketServerAdapter {
  readonly #options: WebSocketServerAdapterOptions;
  readonly #webSockets: Server<typeof ServedSocket>;
  /** Connections that are upgraded or ask to be. The HTTP server does not track them. */
  readonly #connections = new Set<Duplex>();

  constructor(options: WebSocketServerAdapterOptions) {
    this.#options = options;
    const { maxBytes: maxPayload } = options.bodies.limits;
    this.#webSockets = new WebSocketServer({
      WebSocket: ServedSocket,
      noServer: true,
      clientTracking: false,
      // Speech does not compress, and a deflate context costs 300 kB per connection.
      perMessageDeflate: false,
      maxPayload,
      maxFragments: Math.max(MIN_FRAGMENTS, maxPayload / BYTES_PER_FRAGMENT),
      maxBufferedChunks: Math.max(MIN_CHUNKS, maxPayload / BYTES_PER_CHUNK),
      // Each frame gets a turn of its own: 64 KiB hold 10,000 frames, and all others would wait for them.
      allowSynchronousEvents: false,
      // The route refuses a frame of invalid UTF-8 like any other unreadable frame; `ws` would close the socket.
      skipUTF8Validation: true,
    });
    this.#webSockets.on('wsClientError', ({ message }, connection, req) =>
      this.#refuse(req, connection, createUpgradeRefusal(message)),
    );
  }

  /**
   * Tells whether a request asks for a WebSocket of the API. Meant for `shouldUpgradeCallback` of `http.createServer`, so that every
   * other upgrade, such as one to HTTP/2, is answered as a plain request.
   */
  shouldUpgrade({ headers, url }: Pick<IncomingMessage, 'headers' | 'url'>): boolean {
    return headers.upgrade?.toLowerCase() === 'websocket' && isSocketRoute(matchRoute(url));
  }

  /** Handles the event `upgrade` of an HTTP server: completes the handshake, or answers with an HTTP error and closes. */
  handleUpgrade(req: IncomingMessage, connection: Duplex, head: Buffer): void {
    const res = assignResponse(req, connection);
    if (!res) return;
    res.detachSocket(connection as Socket); // connections of an HTTP server are sockets
    this.#connections.add(connection);
    this.#options.stalls.watch(connection as Socket);
    connection.on('close', () => this.#connections.delete(connection));
    connection.on('error', () => connection.destroy());
    void this.#open(req, connection, head);
  }

  /** Destroys every connection that is upgraded or asks to be. */
  terminateAll(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  /** Resolves once every connection has closed. Connections that are still open after `timeoutMs` are destroyed. */
  async close(timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => this.terminateAll(), timeoutMs);
    await Promise.all([...this.#connections].map((connection) => connection.closed || waitForClose(connection)));
    clearTimeout(timer);
  }

  async #open(req: IncomingMessage, connection: Duplex, head: Buffer): Promise<void> {
    const { gate, route, bodies, logger } = this.#options;
    let context: RequestContext | undefined;
    let opened = false;
    try {
      const match = matchRoute(req.url);
      const found = isSocketRoute(match) ? match : undefined;
      context = await gate.authorize(req, found);
      // The gate has refused a request without a route.
      if (!found) throw createNotFoundError(req.url);
      checkHandshake(req);
      const accepted = await acceptUpgrade(req, context, found, route);
      if ('refusal' in accepted) logRefusal(req, accepted.refusal, context.logger);
      const sender = context;
      this.#webSockets.handleUpgrade(req, connection, head, (socket) => {
        opened = true;
        socket.maxBytes = bodies.limits.maxBytes;
        new FrameLimiter(socket, bodies, sender).start(connection);
        const unmasker = new PayloadUnmasker();
        connection.prependListener('data', (chunk: Buffer) => unmasker.unmask(chunk));
        if ('refusal' in accepted) refuseSocket(socket, accepted);
        else serveSocket(socket, connection, accepted, gate.meterFrames(req), route);
      });
      // The client has left, or `ws` found something to refuse.
      if (!opened && !('refusal' in accepted)) accepted.abandon();
    } catch (error) {
      // The gate has logged its own refusals.
      if (context) logRefusal(req, error, context.logger);
      if (!opened) this.#refuse(req, connection, error, context?.logger);
      else {
        logServerFault(logger, error);
        connection.destroy();
      }
    }
  }

  #refuse(req: IncomingMessage, connection: Duplex, error: unknown, logger = this.#options.logger): void {
    const res = assignResponse(req, connection);
    if (!res) return;
    res.on('finish', () => connection.destroy());
    answerError(req, res, error, logger);
  }
}

function waitForClose(connection: Duplex): Promise<void> {
  return new Promise((resolve) => connection.once('close', resolve));
}

/**
 * Checks a handshake before a session is opened for it. `ws` would check it only afterwards.
 * @throws {HttpRefusal} method_not_allowed, upgrade_required
 * @throws {WireError} malformed_request
 */
function checkHandshake(req: IncomingMessage): void {
  const { method = '', headers } = req;
  if (method !== 'GET') throw createMethodRefusal(method, 'GET');
  checkUpgradeHasNoBody(req);
  const { 'sec-websocket-key': key = '', 'sec-websocket-version': version } = headers;
  if (version !== '13' || !KEY.test(key)) throw createUpgradeRefusal();
}

function createUpgradeRefusal(message?: string): HttpRefusal {
  return new HttpRefusal(new WireError('upgrade_required', message), UPGRADE_HEADERS);
}
