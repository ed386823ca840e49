import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { LiveRunner } from './agent/run/runner.ts';
import { type Config, readConfig } from './config.ts';
import { createArtifacts } from './create-artifacts.ts';
import { createGate } from './create-gate.ts';
import { createAddressLimits, createAdmission } from './create-limits.ts';
import { createReaderOptions } from './create-reader-options.ts';
import { createRunner } from './create-runner.ts';
import { createStore } from './create-store.ts';
import { OfflineModel } from './default-model.ts';
import { answerError } from './http/answer.ts';
import { Tickets } from './http/auth/tickets.ts';
import { BodyBudget } from './http/body-budget.ts';
import type { Gate } from './http/gate.ts';
import type { AddressLimits } from './http/limits/address-limits.ts';
import { RequestPipeline } from './http/request-pipeline.ts';
import { type CheckModelsOptions, serveCheckModels } from './http/routes/check-models.ts';
import { type HealthRouteOptions, serveHealth } from './http/routes/health.ts';
import { createPage, type Middleware } from './http/routes/page.ts';
import { Router } from './http/routes/router.ts';
import { SignInRoutes } from './http/routes/sign-in.ts';
import { takeUpgrade, UpgradeDispatcher } from './http/routes/upgrade-dispatcher.ts';
import { WebSocketServerAdapter } from './http/routes/websocket-server-adapter.ts';
import { StallWatch } from './http/stall-watch.ts';
import { type BasicLogger, GuardedLogger } from './isolation/guarded-logger.ts';
import { isLiveEpoch } from './live-epoch.ts';
import { createLogger, protectLogger } from './log.ts';
import type { RealtimeModel } from './models/realtime-model.ts';
import { requireSupportedNode } from './node-version.ts';
import { checkServiceOptions, type ServiceOptions } from './service-options.ts';
import { ActiveSessions } from './session/active-sessions.ts';
import { FileLoads } from './session/file-loads.ts';
import { MemoryBudget } from './session/memory-budget.ts';
import { Retention } from './session/retention.ts';
import { StoredSessions } from './session/stored-sessions.ts';
import { LiveConversations } from './store/live-conversations.ts';
import type { SessionStore } from './store/session-store.ts';

/** Bounds of the wait that clients of a draining service are told, in ms. It is random, so that they do not all return at once. */
const MIN_RETRY_MS = 200;
const MAX_RETRY_MS = 5_000;
/** Minimum time that the last commits to the store have, even if replies have used up the grace period, in ms. */
const MIN_COMMIT_MS = 1_000;
/** Maximum share of the memory of the process that exports hold. */
const EXPORT_SHARE = 0.25;
/** Time that WebSockets have to close after `drain`, in ms. */
const CLOSE_MS = 1_000;

/** The routes of the API over one set of live sessions, for whichever HTTP server calls them. The service itself does not listen. */
export class Service {
  /** Name of the agent. */
  readonly agent: string;
  /** Name of the model. */
  readonly model: string;
  /** Whether the emulator in this process answers, not a provider. */
  readonly offline: boolean;
  readonly #config: Config;
  readonly #logger: BasicLogger;
  readonly #runner: LiveRunner;
  readonly #model: RealtimeModel | undefined;
  readonly #conversations: LiveConversations;
  readonly #sessions: ActiveSessions;
  readonly #retention: Retention;
  readonly #addressLimits: AddressLimits;
  readonly #gate: Gate;
  readonly #bodies: BodyBudget;
  readonly #pipeline: RequestPipeline;
  readonly #router: Router;
  readonly #signIn: SignInRoutes;
  readonly #webSockets: WebSocketServerAdapter;
  readonly #page: Middleware;
  readonly #healthRoutes: HealthRouteOptions;
  readonly #checkModels: CheckModelsOptions;
  #draining = false;
  #committed: Promise<unknown> | undefined;
  /** Store that this service has made, as the configuration says. */
  #ownStore: SessionStore | undefined;
  #drained: Promise<void> | undefined;

  /** @see createService */
  constructor(options: ServiceOptions) {
    const { config = readConfig(process.env) } = options;
    const { logLevel: level, logFormat: format, secrets } = config;
    this.#config = config;
    const logger = new GuardedLogger(
      options.logger ? protectLogger(options.logger, secrets) : createLogger({ level, format, secrets }),
    );
    try {
      const conversations = options.runner?.conversations ?? this.#createConversations(options, logger);
      const { runner, model } = createRunner(options, config, conversations, logger);
      this.#logger = logger;
      this.#runner = runner;
      this.#model = model;
      this.#conversations = conversations;
      this.agent = runner.card.agent;
      this.model = runner.card.model;
      this.offline = model instanceof OfflineModel;

      const { logLimits, lingerMs, sessionLimits: limits, maxSessions } = config;
      const memory = new MemoryBudget(config.maxHeldBytes);
      const admission = createAdmission(config);
      this.#sessions = new ActiveSessions({
        runner,
        conversations,
        logLimits,
        lingerMs,
        limits,
        maxSessions,
        admission,
        memory,
        logger,
      });
      const events = createReaderOptions(config, {
        sessions: this.#sessions,
        card: runner.card,
        offline: this.offline,
        draining: () => this.#draining,
      });
      const { sessions, draining } = events;
      this.#bodies = new BodyBudget(config.bodyLimits, memory);
      const tickets = new Tickets({ secret: config.auth.ticketSecret, isLive: isLiveEpoch(this.#sessions) });
      this.#addressLimits = createAddressLimits(config, logger);
      this.#gate = createGate(config, options, { tickets, limits: this.#addressLimits, logger });
      const stalls = new StallWatch(config.stallMs);
      const pipeline = new RequestPipeline({ maxWaiting: config.maxPipelinedRequests, stalls, memory });
      this.#pipeline = pipeline;
      const shared = { gate: this.#gate, bodies: this.#bodies, logger };
      const stored = new StoredSessions({ runner, conversations, sessions: this.#sessions, logger });
      const { retention } = config;
      const { appName } = runner.card;
      this.#retention = new Retention({ appName, conversations, sessions: stored, limits: retention, logger });
      this.#router = new Router({
        ...shared,
        ...{ pipeline, events, tickets },
        send: { sessions, draining },
        stored: {
          sessions: stored,
          memory: createExportBudget(config, memory),
          files: new FileLoads(memory),
          draining,
        },
      });
      this.#signIn = new SignInRoutes(this.#gate, pipeline, logger);
      this.#webSockets = new WebSocketServerAdapter({ ...shared, stalls, route: { events } });
      this.#healthRoutes = { gate: this.#gate, pipeline, logger, draining, countSessions: () => this.#sessions.size };
      this.#checkModels = { gate: this.#gate, pipeline, logger, provider: runner.card.provider };
      const publicDir = config.publicDir ?? fileURLToPath(new URL('./public', import.meta.url));
      this.#page = createPage({ gate: this.#gate, publicDir, pipeline, memory, logger });
      this.#retention.start();
      void conversations.checkStore(appName);
    } catch (error) {
      // The file of the database must not stay open. Nothing was committed.
      this.#ownStore?.close().catch(() => {});
      throw error;
    }
  }

  /** Whether the service opens no new live sessions, because `drain` or `close` was called. */
  get draining(): boolean {
    return this.#draining;
  }

  /** Number of live sessions. */
  get liveSessions(): number {
    return this.#sessions.size;
  }

  /**
   * Answers a request for a route of the API (`/events`, `/send`, `/poll`, `/ws`, `/tickets`, `/sessions`, `/sign-in`, `/sign-out`, `/healthz`,
   * `/readyz`, `/api/check-models`).
   * @returns `false` for every other request, which stays untouched
   */
  handle(req: IncomingMessage, res: ServerResponse): boolean {
    if (req.headers.upgrade !== undefined && this.#resumeUpgrade(req)) return true;
    return (
      this.#router.handle(req, res) ||
      serveHealth(req, res, this.#healthRoutes) ||
      this.#signIn.handle(req, res) ||
      serveCheckModels(req, res, this.#checkModels)
    );
  }

  /** Answers a request for the page (`/` and the files below `/static/`). Every other request continues with `next`. */
  handlePage(req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void): void {
    this.#page(req, res, next);
  }

  /** Answers a request that nothing else answers: 404, or 403 to a page that may not use this service. */
  handleUnknown(req: IncomingMessage, res: ServerResponse): void {
    this.#pipeline.serve(req, res, () => {
      this.#gate.authorize(req, undefined).catch((error) => answerError(req, res, error, this.#logger));
    });
  }

  /** Completes an upgrade that `acceptUpgrades` has passed through the handlers of the app. @returns whether there is one */
  #resumeUpgrade(req: IncomingMessage): boolean {
    const upgrade = this.shouldUpgrade(req) ? takeUpgrade(req) : undefined;
    if (upgrade) this.handleUpgrade(req, upgrade.connection, upgrade.head);
    return upgrade !== undefined;
  }

  /**
   * Tells whether a request asks for a WebSocket of this service. Meant for `shouldUpgradeCallback` of `http.createServer`: without it,
   * Node stops answering requests that ask for any other upgrade, such as one to HTTP/2.
   */
  shouldUpgrade(req: IncomingMessage): boolean {
    return this.#webSockets.shouldUpgrade(req);
  }

  /** Handles the event `upgrade` of an HTTP server. An upgrade that is refused is answered with an HTTP error, and its connection closed. */
  handleUpgrade(req: IncomingMessage, connection: Duplex, head: Buffer): void {
    this.#webSockets.handleUpgrade(req, connection, head);
  }

  /**
   * Serves the WebSockets of an HTTP server whose app has mounted the router. Node emits upgrades as an event of the server, which no app sees:
   * they are passed through the request handlers of the server, so that the app's middleware decides about them too. Upgrades for other
   * paths are left to other listeners of that event; if there is none, their connection is closed. Node then closes requests that ask for any
   * other upgrade too, such as one to HTTP/2; `shouldUpgradeCallback` of `http.createServer` prevents that.
   * @param path path that the router is mounted under, such as `/talk`, or a pattern for one with parameters: `/^\/rooms\/\w+\/talk/`. Default:
   * none
   */
  acceptUpgrades(server: Server, path: string | RegExp = ''): void {
    UpgradeDispatcher.of(server).add({ path, accepts: (req) => this.#webSockets.shouldUpgrade(req) });
  }

  /**
   * Counts a connection of the HTTP server against the limits of its address and of the process. In a server that does not call this, a
   * connection is counted from its first request on.
   * @param carrier the TCP connection, counted before, in which a TLS connection is encrypted. Default: the connection is a TCP connection
   */
  trackConnection(socket: Socket, carrier?: Socket): void {
    this.#addressLimits.track(socket, carrier);
  }

  /**
   * Stops opening sessions, waits up to SHUTDOWN_GRACE_MS for replies to finish, then asks the clients to return later and ends their
   * connections.
   */
  drain(): Promise<void> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  /** Drains the service, closes its WebSockets, waits for the last commits to the store, closes a store of its own, and stops the emulator, if there is one. */
  async close(): Promise<void> {
    await this.drain();
    await this.#webSockets.close(CLOSE_MS);
    this.#bodies.close();
    await this.#committed;
    await this.#ownStore?.close();
    await this.#runner.close?.();
    if (this.#model instanceof OfflineModel) await this.#model.close();
  }

  #createConversations({ store, artifacts }: ServiceOptions, logger: BasicLogger): LiveConversations {
    const config = this.#config;
    if (store) return new LiveConversations(store, { artifacts: artifacts ?? createArtifacts(config, false), logger });
    const own = createStore(config, logger);
    this.#ownStore = own.store;
    return new LiveConversations(own.store, {
      artifacts: artifacts ?? createArtifacts(config, own.isDatabase),
      logger,
    });
  }

  async #drain(): Promise<void> {
    this.#draining = true;
    const { shutdownGraceMs } = this.#config;
    const graceOver = performance.now() + shutdownGraceMs;
    const retentionStopped = this.#retention.stop();
    await this.#sessions.finishTurns(shutdownGraceMs);
    this.#sessions.stop(() => Math.round(MIN_RETRY_MS + Math.random() * (MAX_RETRY_MS - MIN_RETRY_MS)));
    await retentionStopped;
    this.#committed = this.#conversations.close(Math.max(MIN_COMMIT_MS, graceOver - performance.now()));
  }
}

/** Creates the budget of exports, which are a part of what the process holds: readers that stop reading keep nobody from a live session. */
function createExportBudget({ maxHeldBytes }: Config, memory: MemoryBudget): MemoryBudget {
  return new MemoryBudget(maxHeldBytes * EXPORT_SHARE, [memory]);
}

/**
 * Puts a service together, without listening.
 * @throws {TypeError} if an option is missing, unknown or not what it must be
 * @throws {ConfigError} if no config is given and the environment is not valid
 * @throws {WireError} model_not_found, invalid_run_config: there is no such model, or it cannot do what the agent asks for
 * @throws {UnsupportedNodeError} on a version of Node that cannot run it
 */
export function createService(options: ServiceOptions): Service {
  requireSupportedNode();
  checkServiceOptions(options);
  return new Service(options);
}
