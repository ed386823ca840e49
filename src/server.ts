import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Agent } from './agent/agent.ts';
import { Runner } from './agent/runner.ts';
import type { Config } from './config.ts';
import { startGeminiEmulator } from './emulator/gemini-emulator.ts';
import { createApi } from './http/api.ts';
import { type AppOptions, createApp } from './http/app.ts';
import type { LogReader } from './http/log-reader.ts';
import { createSocketDoor } from './http/ws-route.ts';
import type { Logger } from './log.ts';
import { geminiModel } from './models/gemini.ts';
import type { RealtimeModel } from './models/realtime-model.ts';
import { ActiveSessions } from './session/active-sessions.ts';
import { WINDOW } from './session/inbox.ts';
import type { ArtifactStore } from './store/artifact-store.ts';
import { createMemoryArtifacts } from './store/memory-artifacts.ts';
import { createMemoryStore } from './store/memory-store.ts';
import { VERSION } from './version.ts';

export interface ServerOptions {
  readonly config: Config;
  readonly agent: Agent;
  readonly logger: Logger;
  /** Takes the audio of agents with `saveLiveBlob`. Default: 64 MiB in the memory of this process. */
  readonly artifacts?: ArtifactStore;
}

export interface RunningServer {
  /** As `http://127.0.0.1:8000`. */
  readonly url: string;
  readonly model: string;
  /** The emulator in this process answers, not a provider. */
  readonly offline: boolean;
  /** Stops taking sessions, lets replies finish for as long as SHUTDOWN_GRACE_MS, tells clients to come back, and ends. */
  close(): Promise<void>;
}

const DEFAULT_MODELS = {
  /** Emulated as a model of the half-cascade family: those answer in text too, which reads better in a terminal. */
  offline: 'gemini-live-2.5-flash-preview',
  aiStudio: 'gemini-3.8-live',
  vertex: 'gemini-live-2.5-flash-native-audio',
};

/** What a client may take to send its headers, ms. */
const HEADERS_MS = 30_000;
/** Above the 60 s of nginx and of most load balancers, so that they close an idle connection before we do, ms. */
const KEEP_ALIVE_MS = 75_000;
/** The wait that clients of a server going down are told, ms: spread out, so that they do not all come at once. */
const LEAST_RETRY_MS = 200;
const MOST_RETRY_MS = 5_000;
/** What connections may take to close once everything was said, ms. */
const CLOSE_MS = 1_000;

/**
 * Puts the parts together and listens.
 * @throws {WireError} model_not_found, invalid_run_config: there is no such model, or it cannot do what the agent asks for
 */
export async function startServer({
  config,
  agent,
  logger,
  artifacts = createMemoryArtifacts(),
}: ServerOptions): Promise<RunningServer> {
  const { google } = config;
  const emulator = google.offline ? await startGeminiEmulator() : undefined;
  const store = createMemoryStore();
  let runner: Runner;
  try {
    const model = modelFor(config, agent, logger, emulator?.url);
    runner = new Runner({ appName: agent.name, agent, model, store, artifacts });
  } catch (error) {
    await emulator?.close();
    throw error;
  }
  // What clients are told: an emulated model must not pass for the real one.
  const card = google.offline
    ? { ...runner.card, model: `offline agent (${runner.card.model} is emulated)` }
    : runner.card;
  const { logLimits, lingerMs, sessionLimits: limits, maxSessions, bodyLimits, heartbeatMs, stallMs } = config;
  const sessions = new ActiveSessions({ runner, store, logLimits, lingerMs, limits, maxSessions, logger });
  const readers = new Set<LogReader<unknown>>();
  let draining = false;

  const options: AppOptions = {
    events: {
      sessions,
      card,
      heartbeatMs,
      stallMs,
      limits: { body_bytes: bodyLimits.maxBytes, window: WINDOW, linger_ms: lingerMs, heartbeat_ms: heartbeatMs },
      server: `bidi-sse/${VERSION}`,
      readers,
      draining: () => draining,
    },
    send: { sessions, bodyLimits, draining: () => draining },
    origins: {
      allowedOrigins: config.allowedOrigins,
      allowedHosts: config.allowedHosts,
      loopback: isLoopback(config.host),
    },
    publicDir: config.publicDir ?? fileURLToPath(new URL('./public', import.meta.url)),
    onBug: (error) => logger.error({ err: error }, 'a request failed through a mistake of ours'),
  };
  const api = createApi(options);
  const app = createApp(options, api);
  const door = createSocketDoor({ ...options, frameLimits: bodyLimits });
  // Endless bodies are the point: request-body.ts has the limits that requestTimeout would set. The one for headers must be said, or
  // Node takes it to be 0 too.
  const server = createServer(
    {
      requestTimeout: 0,
      headersTimeout: HEADERS_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      shouldUpgradeCallback: door.takes,
    },
    (req, res) => {
      if (!api(req, res)) app(req, res);
    },
  );
  server.on('upgrade', door.take);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, config.host, resolve);
  }).catch(async (error: unknown) => {
    await emulator?.close();
    throw error;
  });
  if (!isLoopback(config.host)) {
    logger.warn(
      { host: config.host },
      'listening beyond this machine: anyone who reaches this port may talk at your expense',
    );
  }

  return {
    url: urlOf(server.address() as AddressInfo), // a TCP server that listens has one
    model: runner.card.model,
    offline: google.offline,
    async close() {
      draining = true;
      await sessions.finishTurns(config.shutdownGraceMs);
      // First: what a reply that is cut after all ends with still goes to its readers.
      sessions.stop();
      for (const reader of readers) {
        reader.drain(Math.round(LEAST_RETRY_MS + Math.random() * (MOST_RETRY_MS - LEAST_RETRY_MS)));
      }
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cut = setTimeout(() => {
        server.closeAllConnections();
        door.cut();
      }, CLOSE_MS);
      await closed;
      clearTimeout(cut);
      await emulator?.close();
    },
  };
}

function modelFor(config: Config, agent: Agent, logger: Logger, emulatorUrl: string | undefined): RealtimeModel {
  const { google } = config;
  return geminiModel({
    model: agent.model ?? google.model ?? defaultModel(config),
    // The SDK wants one, whoever answers.
    apiKey: google.apiKey ?? (google.vertexai ? undefined : 'none'),
    vertexai: google.vertexai,
    project: google.project,
    location: google.location,
    apiVersion: google.apiVersion,
    baseUrl: google.baseUrl ?? emulatorUrl,
    connectTimeoutMs: google.connectTimeoutMs,
    onNonsense: (text) =>
      logger.warn({ text: text.slice(0, 200) }, 'the provider sent a frame that cannot be read; dropped'),
  });
}

function defaultModel({ google }: Config): string {
  if (google.offline) return DEFAULT_MODELS.offline;
  return google.vertexai ? DEFAULT_MODELS.vertex : DEFAULT_MODELS.aiStudio;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

function urlOf({ address, port, family }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
