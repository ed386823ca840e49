import type { LiveRunner } from '../../src/agent/run/runner.ts';
import { ActiveSessions, type ActiveSessionsOptions } from '../../src/session/active-sessions.ts';
import type { LiveSession } from '../../src/session/live-session.ts';
import type { LogPosition } from '../../src/session/log/log-view.ts';
import { MemoryBudget } from '../../src/session/memory-budget.ts';
import type { Attachment, OpenParams, ReaderInfo, Start } from '../../src/session/session-handle.ts';
import type { SessionLogger } from '../../src/session/session-logger.ts';
import { LiveConversations } from '../../src/store/live-conversations.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { toSizedRequest } from '../../src/wire/byte-size.ts';
import type { LiveRequest } from '../../src/wire/live-request.ts';
import type { LogMessage } from '../../src/wire/log-entry.ts';
import { WireError } from '../../src/wire/wire-error.ts';
import { heard, outline } from '../agent/talk.ts';
import { until } from '../models/until.ts';
import { unlimitedAdmission } from './limits.ts';

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

/** Creates sessions as the server does, with options of the test. `close` is `stop`, for `closesAfterEach`. */
export function sessionsOf(
  runner: LiveRunner,
  options: Partial<ActiveSessionsOptions> = {},
): ActiveSessions & { close(): void } {
  const sessions = new ActiveSessions({
    runner,
    conversations: runner.conversations ?? new LiveConversations(createMemoryStore()),
    logLimits: { bytes: 4 * 1024 * 1024, ageMs: 120_000 },
    lingerMs: 120_000,
    limits: {},
    logger: recordingLogger().logger,
    maxSessions: 100,
    admission: unlimitedAdmission(),
    memory: new MemoryBudget(512 * 1024 * 1024),
    ...options,
  });
  return Object.assign(sessions, { close: () => sessions.stop(() => 1_000) });
}

/** Opens a session, by default that of the user `ann` with the id `default`. */
export async function open(sessions: ActiveSessions, params: Partial<OpenParams> = {}): Promise<LiveSession> {
  const opened = await sessions.open({
    userId: 'ann',
    sessionId: 'default',
    runConfig: {},
    cursor: undefined,
    reconnect: false,
    ...params,
  });
  if (opened === 'ended') throw new Error('the session is ended');
  return opened.session;
}

/** Posts requests without an envelope. @throws {WireError} if they are refused */
export async function send(session: LiveSession, requests: readonly LiveRequest[]): Promise<void> {
  const answer = await session.post({ body: { requests: requests.map(toSizedRequest) } });
  if ('refusal' in answer) throw WireError.fromBody(answer.refusal);
}

export const say = (text: string): LiveRequest => ({ content: { role: 'user', parts: [{ text }] } });
export const speak = (length: number): LiveRequest => ({
  blob: { mime_type: 'audio/pcm;rate=16000', data: 'A'.repeat(length) },
});

/** A connection without a network: a position in the log. */
export class TestReader {
  readonly session: LiveSession;
  readonly attachment: Attachment;
  readonly reset: Start['reset'];
  /** All messages read so far. */
  readonly messages: LogMessage[] = [];
  #position: LogPosition;

  private constructor(session: LiveSession, attachment: Attachment) {
    this.session = session;
    this.attachment = attachment;
    this.reset = attachment.start.reset;
    this.#position = attachment.start.position;
  }

  static async attach(
    session: LiveSession,
    cursor?: string,
    client?: string,
    replacesSilent = false,
  ): Promise<TestReader> {
    const reader: ReaderInfo = { cursor, client, replacesSilent };
    return new TestReader(session, await session.attach(reader));
  }

  get position(): LogPosition {
    return this.#position;
  }

  /** Reads up to the head, at most `count` entries. */
  read(count = Number.POSITIVE_INFINITY): LogMessage[] {
    const read: LogMessage[] = [];
    for (let entry = this.#next(); entry && read.length < count; entry = this.#next()) {
      read.push(entry.message);
      this.#position = { seq: entry.seq + 1, frames: 0 };
    }
    this.messages.push(...read);
    return read;
  }

  /** Reads until a message matches, and returns it. */
  until(predicate: (message: LogMessage) => unknown): Promise<LogMessage> {
    return until(() => {
      this.read();
      return this.messages.find(predicate);
    });
  }

  /** Waits for the end of a turn, counted from 1 at the reader's start, and returns its text. */
  async turn(count: number): Promise<string> {
    const ends = () => this.messages.flatMap(({ event }, index) => (event?.turnComplete ? [index] : []));
    await this.until(() => ends().length >= count);
    const from = count > 1 ? (ends()[count - 2] ?? -1) + 1 : 0;
    return heard(eventsOf(this.messages.slice(from, (ends()[count - 1] ?? 0) + 1)));
  }

  /** Kinds of the messages read so far, as `outline` names them, with `failure` and `end`. What was typed or set is left out. */
  get outline(): string[] {
    return this.messages
      .filter(({ typed, reconfigured }) => !(typed ?? reconfigured))
      .map(({ event, failure, end }) => (event ? outline([event])[0] : failure ? 'failure' : end ? 'end' : ''))
      .filter((kind, index, kinds) => kind !== kinds[index - 1]) as string[];
  }

  detach(): void {
    this.attachment.detach(this.#position);
  }

  #next() {
    return this.session.log.at(this.#position.seq)?.entry;
  }
}

function eventsOf(messages: readonly LogMessage[]) {
  return messages.flatMap(({ event }) => event ?? []);
}
