import type { LiveRunner } from '../../src/agent/runner.ts';
import { ActiveSessions, type ActiveSessionsOptions, type OpenParams } from '../../src/session/active-sessions.ts';
import type { LogPosition } from '../../src/session/event-log.ts';
import type { LiveSession, Reader, Start } from '../../src/session/live-session.ts';
import type { SessionLogger } from '../../src/session/run-supervisor.ts';
import type { ConversationStore } from '../../src/store/conversation-store.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { LiveRequest } from '../../src/wire/live-request.ts';
import type { LogMessage } from '../../src/wire/log-entry.ts';
import { heard, outline } from '../agent/talk.ts';
import { until } from '../models/until.ts';

export interface Logged {
  level: 'info' | 'warn' | 'error';
  message: string;
  details: object;
}

export function recordingLogger(): { logger: SessionLogger; lines: Logged[] } {
  const lines: Logged[] = [];
  const at = (level: Logged['level']) => (details: object, message: string) => {
    lines.push({ level, message, details });
  };
  return { logger: { info: at('info'), warn: at('warn'), error: at('error') }, lines };
}

/** As the server makes them, but for what a test says otherwise. `close` is `stop`, for closesAfterEach. */
export function sessionsOf(
  runner: LiveRunner,
  options: Partial<ActiveSessionsOptions> & { store?: ConversationStore } = {},
): ActiveSessions & { close(): void } {
  const sessions = new ActiveSessions({
    runner,
    store: createMemoryStore(),
    logLimits: { bytes: 4 * 1024 * 1024, ageMs: 120_000 },
    lingerMs: 120_000,
    limits: {},
    logger: recordingLogger().logger,
    maxSessions: 100,
    ...options,
  });
  return Object.assign(sessions, { close: () => sessions.stop() });
}

export function open(sessions: ActiveSessions, params: Partial<OpenParams> = {}): LiveSession {
  const opened = sessions.open({
    userId: 'ann',
    sessionId: 'default',
    settings: {},
    cursor: undefined,
    reconnect: false,
    ...params,
  });
  if (opened === 'ended') throw new Error('the session is ended');
  return opened.session;
}

export const say = (text: string): LiveRequest => ({ content: { role: 'user', parts: [{ text }] } });
export const speak = (length: number): LiveRequest => ({
  blob: { mime_type: 'audio/pcm;rate=16000', data: 'A'.repeat(length) },
});

/** A connection without the network: a place in the log. */
export class TestReader {
  readonly session: LiveSession;
  readonly reset: Start['reset'];
  /** What it has read. */
  readonly messages: LogMessage[] = [];
  #position: LogPosition;
  readonly #reader: Reader;

  private constructor(session: LiveSession, start: Start, reader: Reader) {
    this.session = session;
    this.#reader = reader;
    this.reset = start.reset;
    this.#position = start.position;
  }

  static async attach(session: LiveSession, cursor?: string, client?: string, races = false): Promise<TestReader> {
    const reader: Reader = { client };
    return new TestReader(session, await session.attach(cursor, reader, races), reader);
  }

  get position(): LogPosition {
    return this.#position;
  }

  /** Reads up to the head; at most `count` entries. */
  read(count = Number.POSITIVE_INFINITY): LogMessage[] {
    const read: LogMessage[] = [];
    for (let entry = this.#next(); entry && read.length < count; entry = this.#next()) {
      read.push(entry.message);
      this.#position = { seq: entry.seq + 1, frames: 0 };
    }
    this.messages.push(...read);
    return read;
  }

  /** Reads until there is such a message, and gives it. */
  until(predicate: (message: LogMessage) => unknown): Promise<LogMessage> {
    return until(() => {
      this.read();
      return this.messages.find(predicate);
    });
  }

  /** Waits for the end of the turn of that number, counted from where it began to read, and gives what was said in it. */
  async turn(count: number): Promise<string> {
    const ends = () => this.messages.flatMap(({ event }, index) => (event?.turnComplete ? [index] : []));
    await this.until(() => ends().length >= count);
    const from = count > 1 ? (ends()[count - 2] ?? -1) + 1 : 0;
    return heard(eventsOf(this.messages.slice(from, (ends()[count - 1] ?? 0) + 1)));
  }

  /** What kinds of things it has read, as `outline` names them; `failure` and `end` among them. */
  get outline(): string[] {
    return this.messages
      .map(({ event, failure, end }) => (event ? outline([event])[0] : failure ? 'failure' : end ? 'end' : ''))
      .filter((kind, index, kinds) => kind !== kinds[index - 1]) as string[];
  }

  detach(): void {
    this.session.detach(this.#reader, this.#position);
  }

  #next() {
    return this.session.log.at(this.#position.seq);
  }
}

function eventsOf(messages: readonly LogMessage[]) {
  return messages.flatMap(({ event }) => event ?? []);
}
