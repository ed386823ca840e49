import type { IncomingMessage, ServerResponse } from 'node:http';
import { createService, Service } from './service.ts';
import type { ServiceOptions } from './service-options.ts';

/** A handler to mount in an app of Express, Connect or the like. */
export interface MountableRouter {
  (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void): void;
  /** For `close()` when the app ends, and for WebSocket upgrades. */
  readonly service: Service;
}

export interface RouterOptions {
  /** Whether the router also serves the page that comes with the package, at `/` and `/static/`. Default: `false`. */
  readonly page?: boolean;
}

/**
 * Creates a handler with the routes `/events`, `/send`, `/poll`, `/ws`, `/run_live`, `/tickets`, `/sessions`, `/sign-in`, `/sign-out`, `/api/check-models`,
 * `/healthz` and `/readyz`, to be mounted under any path. Requests for other paths continue with the next handler. Mount the router before middleware
 * that reads bodies: what `express.json()`,
 * `express.text()` or `express.raw()` has read is used, within their own size limits, but audio then arrives only when it is complete.
 *
 * For WebSockets add `router.service.acceptUpgrades(server, '/talk')`, where `server` is what `app.listen` returns. Without that line the
 * SDK uses SSE. Upgrades pass the same middleware as requests.
 *
 * The option `authenticate` tells which user of the app sends a request. Without it and without `AUTH`, the router refuses requests of other
 * machines.
 *
 * @example app.use('/talk', createRouter({ agent, authenticate: (req) => req.session.user && { userId: req.session.user } }));
 * @param source a service, or the parts of one
 * @throws what `createService` throws
 */
export function createRouter(source: Service | ServiceOptions, { page = false }: RouterOptions = {}): MountableRouter {
  const service = source instanceof Service ? source : createService(source);
  const handle = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => {
    if (service.handle(req, res)) return;
    if (page) service.handlePage(req, res, next);
    else next();
  };
  return Object.assign(handle, { service });
}
