import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import { WireError } from '../wire/error-catalogue.ts';
import { DEFAULT_SESSION_ID } from '../wire/identifiers.ts';
import { answerError, answerJson } from './answer.ts';
import { type EventsRouteOptions, type RouteIds, serveEvents, toRouteIds } from './events-route.ts';
import { answerPreflight, checkOrigin, type OriginOptions } from './origins.ts';
import { servePoll } from './poll-route.ts';
import { discardBody } from './request-body.ts';
import { type SendRouteOptions, serveSend } from './send-route.ts';
import { UPGRADE_HEADERS } from './ws-route.ts';

export interface AppOptions {
  readonly events: EventsRouteOptions;
  readonly send: SendRouteOptions;
  readonly origins: OriginOptions;
  /** Folder of the page: `index.html` is served at `/`, everything at `/static/`. */
  readonly publicDir: string;
  /** Told of errors that are no client's fault. */
  readonly onBug: (error: unknown) => void;
}

type Handler = (req: Request, res: Response, ids: RouteIds, corsHeaders: Record<string, string>) => Promise<void>;

/** The routes. It can be mounted in another Express app, under a path too: the page's URLs are relative. */
export function createApp({ events, send, origins, publicDir, onBug }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');

  /** One function for each API route, rather than middleware for each of its concerns: POSTs come ten times a second. */
  const strict = { ...origins, strict: true };
  const api = (methods: readonly string[], handler: Handler) => async (req: Request, res: Response) => {
    let corsHeaders: Record<string, string> = {};
    try {
      corsHeaders = checkOrigin(req, strict);
      if (req.method === 'OPTIONS') return answerPreflight(res, corsHeaders);
      if (!methods.includes(req.method)) {
        const allow = methods.join(', ');
        corsHeaders.Allow = allow;
        throw new WireError('method_not_allowed', `${req.method} is not allowed here; use ${allow}`);
      }
      await handler(req, res, readIds(req), corsHeaders);
      if (!req.complete) discardBody(req);
    } catch (error) {
      answerError(req, res, error, onBug, corsHeaders);
    }
  };

  app.all(
    '/send/:userId{/:sessionId}',
    api(['POST', 'PUT'], (req, res, ids, corsHeaders) => serveSend(req, res, ids, send, corsHeaders)),
  );
  app.all(
    '/events/:userId{/:sessionId}',
    api(['GET'], (req, res, ids, corsHeaders) => serveEvents(req, res, ids, events, corsHeaders)),
  );
  app.all(
    '/poll/:userId{/:sessionId}',
    api(['GET'], (req, res, ids, corsHeaders) => servePoll(req, res, ids, events, corsHeaders)),
  );
  // A handshake never gets here: what does has lost its Upgrade on the way.
  app.all(
    '/ws/:userId{/:sessionId}',
    api(['GET'], async (_req, _res, _ids, headers) => {
      Object.assign(headers, UPGRADE_HEADERS);
      throw new WireError('upgrade_required');
    }),
  );

  // What follows reads no body: one that comes is given the time that any refused body has.
  app.use((req: Request, _res: Response, next: NextFunction) => {
    if (!req.complete) discardBody(req);
    next();
  });
  // Probes come by address or by any name: neither is checked.
  app.get('/healthz', (_req, res) => answerJson(res, 200, { status: 'ok' }));
  app.get('/readyz', (_req, res) => {
    if (events.draining()) answerJson(res, 503, { status: 'draining' });
    else answerJson(res, 200, { status: 'ready', sessions: events.sessions.size });
  });

  app.use((req: Request, _res: Response, next: NextFunction) => {
    checkOrigin(req, { ...origins, strict: false });
    next();
  });
  app.use(securityHeaders());
  const assets = express.static(publicDir, {
    index: false,
    redirect: false,
    cacheControl: false,
    setHeaders: revalidate,
  });
  app.get('/', (req, res, next) => {
    req.url = '/index.html';
    assets(req, res, next);
  });
  app.use('/static', assets);

  app.use((req: Request) => {
    throw new WireError('not_found', `There is nothing at ${req.path.slice(0, 200)}`);
  });
  // Express tells an error handler by its four parameters.
  app.use((error: unknown, req: Request, res: Response, _next: NextFunction) => {
    answerError(req, res, asWireError(error), onBug);
  });
  return app;
}

function readIds(req: Request): RouteIds {
  const { userId, sessionId = DEFAULT_SESSION_ID } = req.params as { userId: string; sessionId?: string };
  return toRouteIds(userId, sessionId);
}

function securityHeaders() {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'self'"],
        // Pictures that the user attaches are shown before they are sent.
        'img-src': ["'self'", 'data:', 'blob:'],
        'object-src': ["'none'"],
        'base-uri': ["'none'"],
        'form-action': ["'self'"],
        'frame-ancestors': ["'self'"],
      },
    },
    // A server on http://localhost must not ask browsers to use https.
    strictTransportSecurity: false,
    // Browsers ignore these two on plain http, and log an error for each.
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
  });
}

/** The page's files have no version in their names: a browser asks whether they changed. */
function revalidate(res: Response): void {
  res.setHeader('Cache-Control', 'no-cache');
}

/** Express's own: a path that cannot be decoded, a file that is not to be had on the terms of the request. */
function asWireError(error: unknown): unknown {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  if (error instanceof URIError || status === 400) return new WireError('invalid_id');
  if (status === 412) return new WireError('precondition_failed');
  if (status === 416) return new WireError('range_not_satisfiable');
  return error;
}
