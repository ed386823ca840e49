import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import { createServerBusyError, type MemoryBudget } from '../../session/memory-budget.ts';
import { WireError } from '../../wire/wire-error.ts';
import { answerError } from '../answer.ts';
import type { Gate, RequestLogger } from '../gate.ts';
import { discardBody } from '../request-body.ts';
import type { RequestPipeline } from '../request-pipeline.ts';

/** A handler that Express, Connect and the like can mount. `next` continues with the handler after this one. */
export type Middleware = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void;

/** Memory that a file costs while a client reads it, in bytes: a piece that waits for the client, and the next one. */
const FILE_BYTES = 128 * 1024;

export interface PageOptions {
  readonly gate: Gate;
  /** Folder of the page: `index.html` is served at `/`, every file below `/static/`. */
  readonly publicDir: string;
  readonly pipeline: RequestPipeline;
  /** Counts the files that clients are reading. */
  readonly memory: MemoryBudget;
  readonly logger: RequestLogger;
}

/** Creates the handler of the page and its files. Other paths continue with `next`. The page's URLs are relative to where it is mounted. */
export function createPage({ gate, publicDir, pipeline, memory, logger }: PageOptions): Middleware {
  // An Express app would give every request its own prototype, and an outer app would see it.
  const router = express.Router();
  const assets = express.static(publicDir, {
    index: false,
    redirect: false,
    cacheControl: false,
    setHeaders: revalidate,
  });
  const prepare = [
    (req: Request, res: Response, next: NextFunction) => {
      // No file needs a body.
      if (!req.complete) discardBody(req);
      gate.authorizePage(req);
      reserveFile(res, memory);
      next();
    },
    createSecurityHeaders(),
  ];
  router.get('/', ...prepare, (req, res, next) => {
    if (redirectToFolder(req, res)) return;
    req.url = '/index.html';
    assets(req, res, next);
  });
  router.use('/static', ...prepare, assets);
  // Express recognizes an error handler by its four parameters.
  router.use((error: unknown, req: Request, res: Response, _next: NextFunction) => {
    answerError(req, res, toWireError(error), logger);
  });
  return (req, res, next) => {
    // None of these handlers uses what Express adds.
    pipeline.serve(req, res, () => router(req as Request, res as Response, next));
  };
}

/** @throws {WireError} server_busy */
function reserveFile(res: Response, memory: MemoryBudget): void {
  if (!memory.reserve(FILE_BYTES)) throw createServerBusyError();
  res.once('close', () => memory.release(FILE_BYTES));
}

function createSecurityHeaders() {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        // The author of a page decides what it may load and run: a page in PUBLIC_DIR may have scripts in its HTML. Ours has its policy in its head.
        'default-src': helmet.contentSecurityPolicy.dangerouslyDisableDefaultSrc,
        'frame-ancestors': ["'self'"],
      },
    },
    // A server on http://localhost must not ask browsers to use https.
    strictTransportSecurity: false,
    // Over plain HTTP beyond localhost, `Referer` is the only header that shows the server which page sends a GET.
    referrerPolicy: { policy: 'same-origin' },
    // Browsers ignore these two on plain http, and log an error for each.
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
  });
}

/**
 * Adds the slash that is missing at the end of the path under which the page is mounted: from `/talk`, the page's URLs would lead to `/static/`. The
 * target is relative, because a proxy may have removed a prefix from the path.
 * @returns whether it has answered
 */
function redirectToFolder({ originalUrl }: Request, res: Response): boolean {
  const end = originalUrl.indexOf('?');
  const path = end < 0 ? originalUrl : originalUrl.slice(0, end);
  if (path.endsWith('/')) return false;
  const folder = path.slice(path.lastIndexOf('/') + 1);
  res.writeHead(301, { Location: `./${folder}/${originalUrl.slice(path.length)}` }).end();
  return true;
}

/** The page's files have no version in their names: a browser must ask whether they changed. */
function revalidate(res: Response): void {
  res.setHeader('Cache-Control', 'no-cache');
}

/** Maps errors of Express: a path that cannot be decoded, a file that the request's conditions exclude. */
function toWireError(error: unknown): unknown {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  if (error instanceof URIError || status === 400) return new WireError('invalid_id');
  if (status === 412) return new WireError('precondition_failed');
  if (status === 416) return new WireError('range_not_satisfiable');
  return error;
}
