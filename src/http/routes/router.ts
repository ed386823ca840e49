import type { IncomingMessage, ServerResponse } from 'node:http';
import { WireError } from '../../wire/wire-error.ts';
import { answerError } from '../answer.ts';
import type { Tickets } from '../auth/tickets.ts';
import type { BodyBudget } from '../body-budget.ts';
import { answerPreflight } from '../cors.ts';
import { sendContinue } from '../expect-continue.ts';
import { type Gate, logRefusal, type RequestContext, type RequestLogger } from '../gate.ts';
import { HttpRefusal } from '../http-refusal.ts';
import { discardBody, hasBody } from '../request-body.ts';
import { readMethod } from '../request-method.ts';
import type { RequestPipeline } from '../request-pipeline.ts';
import { matchRoute, type RouteMatch, type RouteName } from '../route-match.ts';
import { serveArtifact } from './artifact.ts';
import { serveEvents } from './events.ts';
import type { ReaderRouteOptions } from './open-reader.ts';
import { servePoll } from './poll.ts';
import { type SendRouteOptions, serveSend } from './send.ts';
import { type SessionRouteOptions, serveSession, serveSessions } from './sessions.ts';
import { serveTicket } from './tickets.ts';

export interface RouterOptions {
  readonly gate: Gate;
  readonly events: ReaderRouteOptions;
  readonly send: Omit<SendRouteOptions, 'bodies'>;
  readonly tickets: Tickets;
  readonly stored: Omit<SessionRouteOptions, 'bodies'>;
  readonly bodies: BodyBudget;
  readonly pipeline: RequestPipeline;
  readonly logger: RequestLogger;
}

interface Route {
  readonly methods: readonly string[];
  /** @param method one of `methods` */
  serve(
    req: IncomingMessage,
    res: ServerResponse,
    context: RequestContext,
    method: string,
    match: RouteMatch,
  ): Promise<void>;
}

/** Headers of an answer to a request that should have been a WebSocket handshake. @see RFC 9110, section 15.5.22 */
export const UPGRADE_HEADERS = { Upgrade: 'websocket', Connection: 'Upgrade, close', 'Sec-WebSocket-Version': '13' };

/**
 * The routes of the API. They use nothing of Express, which changes the prototypes of every request and response and walks through its
 * list of routes: a POST, of which each talking client sends ten a second, would cost twice as much.
 */
export class Router {
  readonly #routes: Readonly<Record<RouteName, Route>>;
  readonly #gate: Gate;
  readonly #pipeline: RequestPipeline;
  readonly #logger: RequestLogger;

  constructor({ gate, events, send, tickets, stored, bodies, pipeline, logger }: RouterOptions) {
    this.#gate = gate;
    this.#pipeline = pipeline;
    this.#logger = logger;
    const sendOptions = { ...send, bodies };
    const sessionOptions = { ...stored, bodies };
    this.#routes = {
      send: { methods: ['POST', 'PUT'], serve: (req, res, context) => serveSend(req, res, context, sendOptions) },
      events: { methods: ['GET'], serve: (req, res, context) => serveEvents(req, res, context, events) },
      poll: { methods: ['GET'], serve: (req, res, context) => servePoll(req, res, context, events) },
      tickets: { methods: ['POST'], serve: (req, res, context) => serveTicket(req, res, context, tickets) },
      sessions: {
        methods: ['GET', 'POST'],
        serve: (req, res, context, method) => serveSessions(req, res, { ...sessionOptions, context, method }),
      },
      session: {
        methods: ['GET', 'PATCH', 'DELETE'],
        serve: (req, res, context, method) => serveSession(req, res, { ...sessionOptions, context, method }),
      },
      artifact: {
        methods: ['GET'],
        serve: (_, res, context, __, { filename = '' }) => serveArtifact(res, context, filename, sessionOptions),
      },
      // Handshakes are upgrades and never get here. A request that does has lost its `Upgrade` header on the way.
      ws: { methods: ['GET'], serve: refuseHandshake },
      run_live: { methods: ['GET'], serve: refuseHandshake },
    };
  }

  /**
   * Answers a request for one of the routes.
   * @returns `false` for every other request, which stays untouched
   */
  handle(req: IncomingMessage, res: ServerResponse): boolean {
    const match = matchRoute(req.url);
    if (!match) return false;
    if (this.#pipeline.admits(req, res)) void this.#serve(req, res, match);
    else this.#pipeline.defer(req, res, () => void this.#serve(req, res, match));
    return true;
  }

  async #serve(req: IncomingMessage, res: ServerResponse, match: RouteMatch): Promise<void> {
    let context: RequestContext | undefined;
    try {
      if (req.method === 'OPTIONS') return answerPreflight(req, res, this.#gate.authorizeOrigin(req));
      context = await this.#gate.authorize(req, match);
      const { methods, serve } = this.#routes[match.name];
      const method = readMethod(req, methods);
      sendContinue(req);
      // Node would keep 64 KiB of the body for as long as a stream lives: 35 MB in chunks of one byte.
      if (!readsBody(match, method) && hasBody(req)) discardBody(req);
      await serve(req, res, context, method, match);
      if (!req.complete) discardBody(req);
    } catch (error) {
      // The gate has logged its own refusals.
      if (context) logRefusal(req, error, context.logger);
      answerError(req, res, error, context?.logger ?? this.#logger, context?.corsHeaders);
    }
  }
}

function readsBody({ name }: RouteMatch, method: string): boolean {
  return name === 'send' || (name === 'sessions' && method === 'POST') || (name === 'session' && method === 'PATCH');
}

async function refuseHandshake(): Promise<void> {
  throw new HttpRefusal(new WireError('upgrade_required'), UPGRADE_HEADERS);
}
