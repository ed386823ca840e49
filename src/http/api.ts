import type { IncomingMessage, ServerResponse } from 'node:http';
import { WireError } from '../wire/error-catalogue.ts';
import { answerError } from './answer.ts';
import { type EventsRouteOptions, serveEvents } from './events-route.ts';
import { answerPreflight, checkOrigin, type OriginOptions } from './origins.ts';
import { servePoll } from './poll-route.ts';
import { discardBody } from './request-body.ts';
import { type RouteIds, readIds } from './route-ids.ts';
import { type SendRouteOptions, serveSend } from './send-route.ts';
import { UPGRADE_HEADERS } from './ws-route.ts';

export interface ApiOptions {
  readonly events: EventsRouteOptions;
  readonly send: SendRouteOptions;
  readonly origins: OriginOptions;
  /** Told of errors that are no client's fault. */
  readonly onBug: (error: unknown) => void;
}

/** Answers a request for one of the API's routes. @returns false for any other, which it leaves as it is */
export type Api = (req: IncomingMessage, res: ServerResponse) => boolean;

interface Route {
  readonly methods: readonly string[];
  readonly handle: (
    req: IncomingMessage,
    res: ServerResponse,
    ids: RouteIds,
    corsHeaders: Record<string, string>,
  ) => Promise<void>;
}

/** As Express would read it: any case, a slash at the end or none. A proxy may name the host in the request line. */
const PATH = /^(?:https?:\/\/[^/?#]*)?\/(send|events|poll|ws)\/([^/?#]+)(?:\/([^/?#]+))?\/?(?:[?#]|$)/i;

/**
 * The API's routes. They need nothing of Express, which gives each request and response other prototypes and looks through its list of
 * routes: for a POST, which comes ten times a second, that costs as much as all that we do with it.
 */
export function createApi({ events, send, origins, onBug }: ApiOptions): Api {
  const routes = new Map<string, Route>([
    ['send', { methods: ['POST', 'PUT'], handle: (req, res, ids, cors) => serveSend(req, res, ids, send, cors) }],
    ['events', { methods: ['GET'], handle: (req, res, ids, cors) => serveEvents(req, res, ids, events, cors) }],
    // A handshake never gets here: what does has lost its Upgrade on the way.
    ['ws', { methods: ['GET'], handle: refuseHandshake }],
    ['poll', { methods: ['GET'], handle: (req, res, ids, cors) => servePoll(req, res, ids, events, cors) }],
  ]);
  const strict = { ...origins, strict: true };

  const serve = async (
    req: IncomingMessage,
    res: ServerResponse,
    { methods, handle }: Route,
    userId: string,
    sessionId: string | undefined,
  ) => {
    let corsHeaders: Record<string, string> = {};
    try {
      corsHeaders = checkOrigin(req, strict);
      const { method = '' } = req;
      if (method === 'OPTIONS') return answerPreflight(res, corsHeaders);
      const ids = readIds(userId, sessionId);
      if (!methods.includes(method)) {
        const allow = methods.join(', ');
        corsHeaders.Allow = allow;
        throw new WireError('method_not_allowed', `${method} is not allowed here; use ${allow}`);
      }
      await handle(req, res, ids, corsHeaders);
      if (!req.complete) discardBody(req);
    } catch (error) {
      answerError(req, res, error, onBug, corsHeaders);
    }
  };

  return (req, res) => {
    const [, name = '', userId = '', sessionId] = PATH.exec(req.url ?? '') ?? [];
    const route = routes.get(name) ?? routes.get(name.toLowerCase());
    if (!route) return false;
    void serve(req, res, route, userId, sessionId);
    return true;
  };
}

async function refuseHandshake(
  _req: IncomingMessage,
  _res: ServerResponse,
  _ids: RouteIds,
  headers: Record<string, string>,
): Promise<void> {
  Object.assign(headers, UPGRADE_HEADERS);
  throw new WireError('upgrade_required');
}
