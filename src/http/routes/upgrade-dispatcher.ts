import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { assignResponse } from './assign-response.ts';

/** Upgrades that one service accepts. */
interface Mount {
  /** Path that the service is mounted under, or a pattern for its beginning. */
  readonly path: string | RegExp;
  /** Tells whether a request, whose URL is relative to the path, asks for an upgrade of the service. */
  accepts(req: Pick<IncomingMessage, 'url' | 'headers'>): boolean;
}

/** What a service needs to complete an upgrade. */
export interface Upgrade {
  readonly connection: Duplex;
  /** First bytes after the request. */
  readonly head: Buffer;
}

/** An upgrade that has not reached its service. */
interface PendingUpgrade extends Upgrade {
  /** Response in which the app may refuse the upgrade. */
  readonly res: ServerResponse;
  readonly timer: NodeJS.Timeout;
}

/** Maximum time until an upgrade has passed the handlers of the app, in ms. After it, its connection is destroyed. */
const TIMEOUT_MS = 30_000;

const dispatchers = new WeakMap<Server, UpgradeDispatcher>();
const pending = new WeakMap<IncomingMessage, PendingUpgrade>();

/**
 * Passes the upgrades of an HTTP server through its request handlers, as if each were a GET: middleware in front of a mounted service, such as
 * a sign-in, decides about a WebSocket as it does about a request, and the service finds the request as that middleware has left it. A
 * handler that answers refuses the upgrade.
 */
export class UpgradeDispatcher {
  readonly #server: Server;
  readonly #mounts: Mount[] = [];

  /** Returns the dispatcher of a server. All services that are mounted in its app share one listener. */
  static of(server: Server): UpgradeDispatcher {
    const dispatcher = dispatchers.get(server) ?? new UpgradeDispatcher(server);
    dispatchers.set(server, dispatcher);
    return dispatcher;
  }

  private constructor(server: Server) {
    this.#server = server;
    server.on('upgrade', (req, connection, head) => this.#onUpgrade(req, connection, head));
  }

  /** @throws {TypeError} the pattern is global or sticky: it would remember where it stood */
  add(mount: Mount): void {
    if (mount.path instanceof RegExp && /[gy]/.test(mount.path.flags)) {
      throw new TypeError('The pattern of acceptUpgrades must not have the flags g and y');
    }
    this.#mounts.push(mount);
  }

  #onUpgrade(req: IncomingMessage, connection: Duplex, head: Buffer): void {
    if (this.#mounts.some((mount) => isFor(mount, req))) this.#dispatch(req, connection, head);
    // Another listener may know the path.
    else if (this.#server.listenerCount('upgrade') === 1) connection.destroy();
  }

  #dispatch(req: IncomingMessage, connection: Duplex, head: Buffer): void {
    connection.on('error', () => connection.destroy());
    const res = assignResponse(req, connection);
    if (!res) return;
    // An answer before the service has the upgrade refuses it.
    res.on('finish', () => {
      if (res.socket) connection.destroy();
    });
    const timer = setTimeout(() => connection.destroy(), TIMEOUT_MS).unref();
    connection.once('close', () => clearTimeout(timer));
    pending.set(req, { connection, head, res, timer });
    this.#server.emit('request', req, res);
  }
}

/**
 * Takes an upgrade that has passed the handlers of its server.
 * @returns `undefined` if the request is not an upgrade, was taken before, or has been answered
 */
export function takeUpgrade(req: IncomingMessage): Upgrade | undefined {
  const upgrade = pending.get(req);
  if (!upgrade) return undefined;
  pending.delete(req);
  const { connection, head, res, timer } = upgrade;
  if (res.headersSent || connection.destroyed) return undefined;
  clearTimeout(timer);
  // From here on nothing that middleware writes to the response comes between the frames.
  res.detachSocket(connection as Socket);
  // Middleware that waits for the end of the response, such as a log, gets it with the end of the connection.
  connection.once('close', () => res.emit('close'));
  return { connection, head };
}

function isFor({ path, accepts }: Mount, { url = '', headers }: IncomingMessage): boolean {
  const length = typeof path === 'string' ? matchPrefix(path, url) : matchPattern(path, url);
  return length !== undefined && accepts({ url: url.slice(length), headers });
}

function matchPrefix(path: string, url: string): number | undefined {
  const prefix = path.replace(/\/+$/, '');
  return url.startsWith(prefix) ? prefix.length : undefined;
}

/** @returns length of the match, without a slash at its end */
function matchPattern(pattern: RegExp, url: string): number | undefined {
  const match = pattern.exec(url);
  return match?.index === 0 ? match[0].replace(/\/$/, '').length : undefined;
}
