import { createServer } from 'node:http';
import { type Duplex, duplexPair } from 'node:stream';
import { NoAuthenticator } from '../../src/http/auth/no-authenticator.ts';
import { Tickets } from '../../src/http/auth/tickets.ts';
import { BodyBudget } from '../../src/http/body-budget.ts';
import { Gate } from '../../src/http/gate.ts';
import { RequestPipeline } from '../../src/http/request-pipeline.ts';
import { Router } from '../../src/http/routes/router.ts';
import { StallWatch } from '../../src/http/stall-watch.ts';
import { ActiveSessions } from '../../src/session/active-sessions.ts';
import { FileLoads } from '../../src/session/file-loads.ts';
import { WINDOW } from '../../src/session/inbox.ts';
import { LiveLog, type LogLimits } from '../../src/session/log/live-log.ts';
import type { LogView } from '../../src/session/log/log-view.ts';
import { MemoryBackplane } from '../../src/session/memory-backplane.ts';
import { MemoryBudget } from '../../src/session/memory-budget.ts';
import { StoredSessions } from '../../src/session/stored-sessions.ts';
import type { ConversationKey } from '../../src/store/conversation-key.ts';
import { LiveConversations } from '../../src/store/live-conversations.ts';
import type { SessionStore } from '../../src/store/session-store.ts';
import { audioMs } from '../../src/wire/audio-duration.ts';
import { plainDialect } from '../../src/wire/dialects/plain.ts';
import type { LogEntry } from '../../src/wire/log-entry.ts';
import { unlimitedAddresses, unlimitedAdmission } from '../session/limits.ts';
import type { HistoryRecord, LoggedFrame } from './history.ts';
import { itemsInRequest } from './items.ts';
import { ScriptedRunner } from './scripted-runner.ts';

export interface SimulatedServerOptions {
  /** Outlives the server, as a database does. */
  readonly store: SessionStore;
  readonly logLimits: LogLimits;
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
  /** Shuts down as on SIGTERM. */
  shutDown(graceMs: number): Promise<void>;
  /** Stops at once, as when the machine fails. */
  kill(): void;
}

const HEARTBEAT_MS = 10_000;
const STALL_MS = 60_000;
const RENEW_MS = 300_000;

/** The real server, put together as src/server.ts does it, behind connections in memory: it never listens. */
export function startSimulatedServer(options: SimulatedServerOptions): SimulatedServer {
  const { store, logLimits, lingerMs, random, record, onBug } = options;
  const logs = new LogRecorder(record);
  const conversations = new LiveConversations(store);
  const runner = new ScriptedRunner({
    conversations,
    onRequest: (request) => {
      for (const item of itemsInRequest(request)) record({ did: 'applied', epoch: logs.epoch, item });
    },
    onFailure: () => record({ did: 'run failed', epoch: logs.epoch }),
  });
  const logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (details: object) => onBug(details),
    child: () => logger,
  };
  const memory = new MemoryBudget(512 * 1024 * 1024);
  const sessions = new ActiveSessions({
    runner,
    conversations,
    backplane: new RecordedBackplane(logs),
    logLimits,
    lingerMs,
    limits: {},
    maxSessions: 10,
    admission: unlimitedAdmission(),
    memory,
    logger,
  });
  let draining = false;
  const isDraining = () => draining;
  const bodies = new BodyBudget({ maxBytes: 4 * 1024 * 1024, idleMs: 30_000 }, memory);
  const router = new Router({
    gate: new Gate({
      origins: { allowedOrigins: [], allowedHosts: [], hostCheck: 'always' },
      authenticator: new NoAuthenticator(),
      limits: unlimitedAddresses(),
      logger,
    }),
    events: {
      sessions,
      card: runner.card,
      heartbeatMs: HEARTBEAT_MS,
      renewMs: RENEW_MS,
      stallMs: STALL_MS,
      limits: {
        body_bytes: bodies.limits.maxBytes,
        window: WINDOW,
        linger_ms: lingerMs,
        heartbeat_ms: HEARTBEAT_MS,
      },
      server: 'bidi-sse/simulated',
      draining: isDraining,
    },
    send: { sessions, draining: isDraining },
    tickets: new Tickets({ isLive: async () => false }),
    bodies,
    stored: {
      sessions: new StoredSessions({ runner, conversations, sessions, logger }),
      memory,
      files: new FileLoads(memory),
      draining: isDraining,
    },
    pipeline: new RequestPipeline({ maxWaiting: 16, stalls: new StallWatch(STALL_MS), memory }),
    logger,
  });
  const server = createServer({ requestTimeout: 0 }, (req, res) => {
    if (!router.handle(req, res)) res.writeHead(404).end();
  });
  const connections = new Set<Duplex>();
  const kill = () => {
    draining = true;
    bodies.close();
    // First, because a machine that is gone tells its clients nothing.
    for (const connection of connections) connection.destroy();
    sessions.stop(() => 0);
    logs.stop();
  };

  return {
    runner,
    look: () => logs.look(),
    connect() {
      const [near, far] = duplexPair();
      // End both sides together, as a socket does.
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
      sessions.stop(() => Math.round(200 + random() * 4_800));
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      kill();
    },
    kill,
  };
}

/** Shows the recorder each log before the live session writes to it. */
class RecordedBackplane extends MemoryBackplane {
  readonly #logs: LogRecorder;

  constructor(logs: LogRecorder) {
    super();
    this.#logs = logs;
  }

  override claim(key: ConversationKey, log: LogView) {
    if (log instanceof LiveLog) this.#logs.watch(log);
    return super.claim(key, log);
  }
}

/** Writes down what the logs hold before any reader is told of it. One conversation: one log after the other. */
class LogRecorder {
  readonly #record: (record: HistoryRecord) => void;
  #log: LiveLog | undefined;
  #oldest = 1;
  #head = 0;
  #over = false;

  constructor(record: (record: HistoryRecord) => void) {
    this.#record = record;
  }

  get epoch(): string {
    return this.#log?.epoch ?? '';
  }

  watch(log: LiveLog): void {
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
      const held = log.at(this.#head + 1);
      if (!held) continue;
      const { entry } = held;
      this.#record({ did: 'appended', epoch: log.epoch, seq: entry.seq, frames: toLoggedFrames(entry) });
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

function toLoggedFrames(entry: LogEntry): LoggedFrame[] {
  return plainDialect.encodeEntry(entry).map((frame) => ({
    name: frame?.event ?? 'message',
    data: frame?.data ?? '',
    audioMs: frame?.data.startsWith('{"mime_type":"audio/') ? audioMs(entry.message.event) : 0,
  }));
}
