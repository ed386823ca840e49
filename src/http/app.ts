import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import { WireError } from '../wire/error-catalogue.ts';
import { answerError, answerJson } from './answer.ts';
import type { Api, ApiOptions } from './api.ts';
import { checkOrigin } from './origins.ts';
import { discardBody } from './request-body.ts';

export interface AppOptions extends ApiOptions {
  /** Folder of the page: `index.html` is served at `/`, everything at `/static/`. */
  readonly publicDir: string;
}

/** The routes as an Express app. It can be mounted in another one, under a path too: the page's URLs are relative. */
export function createApp({ events, origins, publicDir, onBug }: AppOptions, api: Api): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');

  app.use((req: Request, res: Response, next: NextFunction) => {
    if (!api(req, res)) next();
  });

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
