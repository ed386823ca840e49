import { createServer } from 'node:http';
import { type Duplex, duplexPair } from 'node:stream';
import { createApi } from '../../src/http/api.ts';
import { type AppOptions, createApp } from '../../src/http/app.ts';
import type { LogReader } from '../../src/http/log-reader.ts';
import { ActiveSessions } from '../../src/session/active-sessions.ts';
import type { EventLog, EventLogLimits } from '../../src/session/event-log.ts';
import { WINDOW } from '../../src/session/inbox.ts';
import type { ConversationStore } from '../../src/store/conversation-store.ts';
import { audioMs } from '../../src/wire/audio-duration.ts';
import type { LogEntry } from '../../src/wire/log-entry.ts';
import { encodePlain } from '../../src/wire/plain-dialect.ts';
import type { HistoryRecord, LoggedFrame } from './history.ts';
import { itemsInRequest } from './items.ts';
import { ScriptedRunner } from './scripted-runner.ts';

export interface SimulatedServerOptions {
  /** Outlives the server, as a database does. */
  readonly store: ConversationStore;
  readonly logLimits: EventLogLimits;
  readonly lingerMs: number;
  readonly random: () => number;
  readonly record: (record: HistoryRecord) => void;
  /** A mistake of the server's own. */
  readonly onBug: (error: unknown) => void;
}

export interface SimulatedServer {
  readonly runner: ScriptedRunner;
  /** The client's end of a new connection. */
  connect(): Duplex;
  /** Writes down what became of the log meanwhile. */
  look(): void;
  /** As on SIGTERM. */
  shutDown(graceMs: number): Promise<void>;
  /** As when the machine goes. */
  kill(): void;
}

const HEARTBEAT_MS = 10_000;
const STALL_MS = 60_000;

/** The real server, put together as src/server.ts does it, behind connections in memory: it never listens. */
export function startSimulatedServer(options: SimulatedServerOptions): SimulatedServer {
  const { store, logLimits, lingerMs, random, record, onBug } = options;
  const logs = new LogRecorder(record);
  const runner = new ScriptedRunner({
    store,
    onRequest: (request) => {
      for (const item of itemsInRequest(request)) record({ did: 'applied', epoch: logs.epoch, item });
    },
    onFailure: () => record({ did: 'run failed', epoch: logs.epoch }),
  });
  const logger = {
    info: () => undefined,
    warn: () => undefined,
    error: (details: object) => onBug(details),
  };
  const sessions = new RecordedSessions(
    { runner, store, logLimits, lingerMs, limits: {}, maxSessions: 10, logger },
    logs,
  );
  const readers = new Set<LogReader<unknown>>();
  let draining = false;
  const appOptions: AppOptions = {
    events: {
      sessions,
      card: runner.card,
      heartbeatMs: HEARTBEAT_MS,
      stallMs: STALL_MS,
      limits: { body_bytes: 4 * 1024 * 1024, window: WINDOW, linger_ms: lingerMs, heartbeat_ms: HEARTBEAT_MS },
      server: 'bidi-sse/simulated',
      readers,
      draining: () => draining,
    },
    send: {
      sessions,
      bodyLimits: { maxBytes: 4 * 1024 * 1024, idleMs: 30_000 },
      draining: () => draining,
    },
    origins: { allowedOrigins: [], allowedHosts: [], loopback: true },
    publicDir: '/nowhere',
    onBug,
  };
  const api = createApi(appOptions);
  const app = createApp(appOptions, api);
  const server = createServer({ requestTimeout: 0 }, (req, res) => {
    if (!api(req, res)) app(req, res);
  });
  const connections = new Set<Duplex>();
  const kill = () => {
    draining = true;
    sessions.stop();
    logs.stop();
    for (const connection of connections) connection.destroy();
  };

  return {
    runner,
    look: () => logs.look(),
    connect() {
      const [near, far] = duplexPair();
      // As a socket does: the end of one side is the end of the other.
      near.on('error', () => undefined);
      far.on('error', () => undefined);
      near.on('close', () => far.destroy());
      far.on('close', () => {
        connections.delete(far);
        if (!near.readableEnded) near.destroy();
      });
      connections.add(far);
      server.emit('connection', far);
      return near;
    },
    async shutDown(graceMs) {
      draining = true;
      await sessions.finishTurns(graceMs);
      sessions.stop();
      for (const reader of readers) reader.drain(Math.round(200 + random() * 4_800));
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      kill();
    },
    kill,
  };
}

class RecordedSessions extends ActiveSessions {
  readonly #logs: LogRecorder;

  constructor(options: ConstructorParameters<typeof ActiveSessions>[0], logs: LogRecorder) {
    super(options);
    this.#logs = logs;
  }

  override open(params: Parameters<ActiveSessions['open']>[0]): ReturnType<ActiveSessions['open']> {
    const opened = super.open(params);
    if (opened !== 'ended') this.#logs.watch(opened.session.log);
    return opened;
  }
}

/** Writes down what the logs hold before any reader is told of it. One conversation: one log after the other. */
class LogRecorder {
  readonly #record: (record: HistoryRecord) => void;
  #log: EventLog | undefined;
  #oldest = 1;
  #head = 0;
  #over = false;

  constructor(record: (record: HistoryRecord) => void) {
    this.#record = record;
  }

  get epoch(): string {
    return this.#log?.epoch ?? '';
  }

  watch(log: EventLog): void {
    if (this.#log === log) return;
    this.#log = log;
    this.#oldest = 1;
    this.#head = 0;
    this.#over = false;
    this.#record({ did: 'opened', epoch: log.epoch });
    // The first to be woken: nothing can be read of the log before it.
    log.subscribe(() => {
      if (this.#log === log) this.look();
    });
    const release = log.release.bind(log);
    log.release = (seq) => {
      if (this.#log === log) this.look();
      release(seq);
      if (this.#log === log) this.look('acknowledged');
    };
  }

  stop(): void {
    if (this.#log && !this.#over) this.#record({ did: 'over', epoch: this.epoch, how: 'stopped' });
    this.#over = true;
  }

  look(why: 'limit' | 'acknowledged' = 'limit'): void {
    const log = this.#log;
    if (!log) return;
    for (; this.#head < log.head; this.#head += 1) {
      const entry = log.at(this.#head + 1);
      if (!entry) continue;
      this.#record({ did: 'appended', epoch: log.epoch, seq: entry.seq, frames: framesOf(entry) });
      const { end } = entry.message;
      if (!end) continue;
      this.#over = true;
      this.#record({ did: 'over', epoch: log.epoch, how: end.reason === 'closed' ? 'closed' : 'idle' });
    }
    if (log.oldest > this.#oldest) {
      this.#oldest = log.oldest;
      this.#record({ did: 'let go', epoch: log.epoch, oldest: log.oldest, why, ms: Date.now() });
    }
  }
}

function framesOf(entry: LogEntry): LoggedFrame[] {
  const frames = encodePlain(entry);
  return frames.map(({ event = 'message', data }) => ({
    name: event,
    data,
    audioMs: data.startsWith('{"mime_type":"audio/') ? audioMs(entry.message.event) : 0,
  }));
}
