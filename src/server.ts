import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import {
  createServer,
  type ServerOptions as HttpOptions,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { readConfig } from './config.ts';
import { checkExposure } from './exposure.ts';
import { answerClientError, refuseTunnel } from './http/client-error.ts';
import { holdContinue } from './http/expect-continue.ts';
import { isLoopback } from './http/loopback.ts';
import { type BasicLogger, GuardedLogger } from './isolation/guarded-logger.ts';
import { createLogger } from './log.ts';
import { requireSupportedNode } from './node-version.ts';
import { createService, type Service } from './service.ts';
import { checkServiceOptions, type ServiceOptions } from './service-options.ts';
import { TlsCertificate } from './tls-certificate.ts';

/** The parts of the server. Only `agent` or `runner` is required. Where it listens is in `config`. */
export type ServerOptions = Omit<ServiceOptions, 'hostCheck'>;

export interface RunningServer {
  /** Such as `http://127.0.0.1:8000`, or `https:` with a certificate. */
  readonly url: string;
  /** Name of the model. */
  readonly model: string;
  /** Whether the emulator in this process answers, not a provider. */
  readonly offline: boolean;
  /** Stops taking sessions, waits up to SHUTDOWN_GRACE_MS for replies to finish, asks the clients to return later, and stops listening. */
  close(): Promise<void>;
}

/** Maximum time in which a client sends its headers, in ms. */
const HEADERS_MS = 30_000;
/** Time between two checks of that limit, in ms. Node's default would allow 60 s. */
const HEADERS_CHECK_MS = 1_000;
/** Above the 60 s of nginx and of most load balancers, so that they close an idle connection before this server does, in ms. */
const KEEP_ALIVE_MS = 75_000;
/** Maximum time of a TLS handshake, in ms. Node's default is 120 s. */
const HANDSHAKE_MS = 10_000;
/** Time that connections have to close after the service has drained, in ms. */
const CLOSE_MS = 1_000;

/**
 * Starts a server: the routes of the API, the page, and the probes.
 * @throws {TypeError} if an option is missing, unknown or not what it must be
 * @throws {ConfigError} if no config is given and the environment is not valid; if other machines can reach the server, and the config does
 * not say who may talk, or under which names the server is reached; if the certificate that the config names cannot be used
 * @throws {WireError} model_not_found, invalid_run_config: there is no such model, or it cannot do what the agent asks for
 * @throws {UnsupportedNodeError} on a version of Node that cannot run it
 * @throws with the code `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES` or `ENOTFOUND`, if it cannot listen where `config` says
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  requireSupportedNode();
  checkServiceOptions(options);
  const { config = readConfig(process.env), authenticate } = options;
  const { logLevel: level, logFormat: format, secrets } = config;
  const { logger = createLogger({ level, format, secrets }) } = options;
  const { host, port } = config;
  // The name that is listened on may have any spelling. Its address tells who can reach it.
  const { address } = await lookup(host);
  const isExposed = !isLoopback(address);
  if (isExposed) checkExposure(config, authenticate !== undefined);
  const certificate = config.tls && new TlsCertificate(config.tls, new GuardedLogger(logger));
  const service = createService({ ...options, config, logger, hostCheck: 'always' });
  const listener = new HttpListener(service, certificate, new GuardedLogger(logger));
  try {
    await listener.listen(port, address);
  } catch (error) {
    await service.close();
    throw error;
  }
  if (isExposed && config.auth.authenticator.mode === 'none' && !authenticate) {
    new GuardedLogger(logger).warn(
      { host, port },
      'AUTH=none beyond this machine: whoever reaches this port can read and continue every conversation, and use the model at your expense',
    );
  }
  if (config.publicDir !== undefined && !existsSync(join(config.publicDir, 'index.html'))) {
    const { publicDir } = config;
    new GuardedLogger(logger).warn({ publicDir }, 'PUBLIC_DIR contains no index.html: / is answered with 404');
  }
  const { url } = listener;
  return { url, model: service.model, offline: service.offline, close: () => listener.close() };
}

/** The HTTP server of one service. */
class HttpListener {
  readonly #service: Service;
  readonly #certificate: TlsCertificate | undefined;
  readonly #server: Server;
  readonly #logger: BasicLogger;
  /** Open connections, in whatever state, each with the response to its newest request. With TLS: those whose handshake is complete. */
  readonly #sockets = new Map<Socket, ServerResponse | undefined>();
  /** With TLS: the TCP connections, by address and port of the client. */
  readonly #carriers = new Map<string, Socket>();

  /** @param certificate makes the server speak https. Default: http */
  constructor(service: Service, certificate: TlsCertificate | undefined, logger: BasicLogger) {
    this.#service = service;
    this.#certificate = certificate;
    this.#logger = logger;
    const options: HttpOptions = {
      // Bodies without an end are allowed; `BodyBudget` limits what this option would. With 0 here, Node takes the default of
      // `headersTimeout` to be 0 too.
      requestTimeout: 0,
      headersTimeout: HEADERS_MS,
      connectionsCheckingInterval: HEADERS_CHECK_MS,
      // The gate refuses a request without `Host`, with the JSON of every other error.
      requireHostHeader: false,
      keepAliveTimeout: KEEP_ALIVE_MS,
      shouldUpgradeCallback: (req) => service.shouldUpgrade(req),
    };
    const serve = (req: IncomingMessage, res: ServerResponse) => this.#serve(req, res);
    this.#server = certificate ? this.#createTlsServer(options, certificate, serve) : createServer(options, serve);
    // Without these three listeners Node would ask for the body before the gate has decided, and answer errors without a body.
    this.#server.on('checkContinue', (req, res) => {
      holdContinue(req, res);
      this.#serve(req, res);
    });
    this.#server.on('checkExpectation', (req, res) => this.#serve(req, res));
    this.#server.on('connect', (_req, connection) => refuseTunnel(connection));
    this.#server.on('clientError', (error, connection) =>
      answerClientError(error, connection, this.#sockets.get(connection as Socket)),
    );
    this.#server.on('upgrade', (req, connection, head) => service.handleUpgrade(req, connection, head));
    this.#server.on('connection', (socket: Socket) => {
      service.trackConnection(socket);
      if (certificate) track(this.#carriers, nameClient(socket), socket, socket);
      else track(this.#sockets, socket, undefined, socket);
    });
  }

  #createTlsServer(options: HttpOptions, certificate: TlsCertificate, serve: RequestListener): Server {
    const server = createTlsServer({ ...options, ...certificate.options, handshakeTimeout: HANDSHAKE_MS }, serve);
    server.on('secureConnection', (socket: Socket) => {
      this.#service.trackConnection(socket, this.#carriers.get(nameClient(socket)));
      track(this.#sockets, socket, undefined, socket);
    });
    certificate.watch((changed) => server.setSecureContext(changed));
    return server;
  }

  #serve(req: IncomingMessage, res: ServerResponse): void {
    const service = this.#service;
    if (this.#sockets.has(req.socket)) this.#sockets.set(req.socket, res);
    if (!service.handle(req, res)) service.handlePage(req, res, () => service.handleUnknown(req, res));
  }

  get url(): string {
    const { address, port, family } = this.#server.address() as AddressInfo; // a TCP server that listens has one
    return `${this.#certificate ? 'https' : 'http'}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  async listen(port: number, host: string): Promise<void> {
    this.#server.listen(port, host);
    // Rejects with the first `error`.
    await once(this.#server, 'listening');
    // Later errors are those of single connections, for example because there are too many open files.
    this.#server.on('error', (error) => this.#logger.error({ err: error }, 'a connection could not be accepted'));
  }

  async close(): Promise<void> {
    await this.#service.drain();
    this.#certificate?.stop();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    // Browsers open connections ahead of need. Node does not count one that never carried a request as idle.
    for (const [socket, response] of this.#sockets) {
      if (this.#certificate ? response === undefined : socket.bytesRead === 0) socket.destroy();
    }
    const timer = setTimeout(() => this.#closeAll(), CLOSE_MS);
    await Promise.all([closed, this.#service.close()]);
    clearTimeout(timer);
  }

  #closeAll(): void {
    this.#server.closeAllConnections();
    // Node does not count a connection whose TLS handshake is not complete.
    for (const socket of this.#carriers.values()) socket.destroy();
  }
}

/** Adds an entry to a table until `socket` closes. */
function track<Key, Value>(table: Map<Key, Value>, key: Key, value: Value, socket: Socket): void {
  table.set(key, value);
  socket.once('close', () => table.delete(key));
}

/** Name of the other end of a connection, which no two open connections to this server share. */
function nameClient({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
