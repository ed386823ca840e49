import { ConversationRecorder } from '../agent/run/conversation-recorder.ts';
import type { LiveRunner } from '../agent/run/runner.ts';
import { mergeRunConfig, type RunConfig } from '../agent/run-config.ts';
import type { LiveConversation } from '../store/live-conversation.ts';
import type { End } from '../wire/log-entry.ts';
import { MemoryShare } from '../wire/memory-share.ts';
import { omitUndefined } from '../wire/omit-undefined.ts';
import { isSamePersona, type SessionConfig, type SessionPersona } from '../wire/session-config.ts';
import { valueBytes } from '../wire/value-size.ts';
import { WireError } from '../wire/wire-error.ts';
import type { Lease, SessionAnswer, SessionCommand } from './backplane.ts';
import { ClientCalls } from './client-calls.ts';
import { Connections } from './connections.ts';
import { Inbox } from './inbox.ts';
import type { LiveLog } from './log/live-log.ts';
import type { MemoryBudget } from './memory-budget.ts';
import { OwnedLog } from './owned-log.ts';
import { PostReceiver } from './post-receiver.ts';
import { createResetStart } from './reset-start.ts';
import { describeSettings, isSameRun, type ResolvedRunSettings, resolveRunSettings } from './run-settings.ts';
import type { RunStarts } from './run-starts.ts';
import { RunSupervisor } from './run-supervisor.ts';
import type { SessionAccount } from './session-account.ts';
import { checkSessionConfig, checkStateChange } from './session-config-rules.ts';
import type {
  Attachment,
  ClientPost,
  PostAnswer,
  ReaderInfo,
  Refused,
  SessionHandle,
  SessionInfo,
} from './session-handle.ts';
import { combineLimits, type Limits, SessionLimits } from './session-limits.ts';
import type { SessionLogger } from './session-logger.ts';
import { settleWithin } from './settle-within.ts';

export interface LiveSessionOptions {
  readonly userId: string;
  readonly sessionId: string;
  readonly runner: LiveRunner;
  /** Settings of the first run: what the first reader requested. */
  readonly settings: ResolvedRunSettings;
  /** Conversation of the session, which is released when the session ends. */
  readonly conversation: LiveConversation;
  readonly log: LiveLog;
  /** Ownership of the session, which is released when the session ends. */
  readonly lease: Lease;
  /** Memory that is held for all clients of the process. */
  readonly memory: MemoryBudget;
  /** Pays for what the session uses. It is closed when the session ends. */
  readonly account: SessionAccount;
  /** How long the session lives without a connection, in ms. */
  readonly lingerMs: number;
  /** Limits of every live session, in addition to those of the agent. The lower limit applies. */
  readonly limits: Limits;
  /** Maximum wait for the first request before the first run starts, in ms. Default: 0. */
  readonly firstRunDelayMs?: number | undefined;
  /** Chooses when the first run starts if it does not wait for a request. */
  readonly starts: RunStarts;
  readonly logger: SessionLogger;
  /** Called once, when the session has ended, or another process has become its owner. */
  readonly onOver: (session: LiveSession) => void;
  /** Called when the session is over and its last connection is detached. */
  readonly onLeft: (session: LiveSession) => void;
}

/** Maximum time for the current reply to finish after the session has reached its maximum duration, in ms. */
const LAST_REPLY_MS = 10_000;
/**
 * Memory of a live session without what it holds for its clients, in bytes: its parts, its run and the connection to the model. Measured on
 * Node 26: 40 kB in the heap, and buffers of its sockets.
 */
const SESSION_BYTES = 64 * 1024;
/** Wait before clients reconnect to another owner of the session, in ms. */
const OWNER_CHANGE_RETRY_MS = 1_000;

/**
 * A conversation that is being spoken now, in the process that owns it: requests go to its run, events of the run go to its log. A live
 * session outlives its connections. It ends when no reader has come back for `lingerMs`.
 */
export class LiveSession implements SessionHandle {
  readonly log: LiveLog;
  readonly connections: Connections;
  readonly #options: LiveSessionOptions;
  readonly #ownedLog: OwnedLog;
  readonly #runs: RunSupervisor;
  readonly #limits: SessionLimits;
  readonly #posts: PostReceiver;
  readonly #inbox: Inbox;
  readonly #memory: MemoryShare;
  #settings: ResolvedRunSettings;
  /** Who the agent is, as a client decided; empty: as its author decided. */
  #persona: SessionPersona = {};
  #end: End | undefined;
  #unwatchStorage: (() => void) | undefined;
  /** Whether the session was stopped: it has ended, its owner has changed, or the server is shutting down. */
  #stopped = false;

  constructor(options: LiveSessionOptions) {
    const { userId, sessionId, runner, settings, log, lease, memory, account, lingerMs, limits, logger } = options;
    this.#options = options;
    this.log = log;
    this.#settings = settings;
    const names = { sessionId, agent: runner.card.agent };
    this.#ownedLog = new OwnedLog({ log, lease, names, onExhausted: () => this.#abandon() });
    this.#memory = new MemoryShare(memory);
    this.#memory.set(SESSION_BYTES);
    this.#inbox = new Inbox(memory);
    const inbox = this.#inbox;
    const calls = new ClientCalls(options.conversation);
    this.connections = new Connections({
      log,
      nextPost: (client) => inbox.next(client),
      createReset: (reason) => createResetStart(reason, log, this.#ownedLog.turns, options.conversation, calls),
      countReader: (address) => account.addReader(address),
      onEmpty: () => this.#onEmpty(),
    });
    this.#limits = new SessionLimits({
      ...combineLimits(settings.limits, limits),
      lingerMs,
      isReplying: () => this.#runs.isReplying,
      onReached: (reason) => {
        this.#endAtLimit(reason).catch((error) =>
          logger.error({ userId, sessionId, err: error }, 'a live session could not be ended at its limit'),
        );
      },
    });
    this.#runs = new RunSupervisor({
      userId,
      sessionId,
      runner,
      runConfig: settings.runConfig,
      firstRunDelayMs: options.firstRunDelayMs,
      starts: options.starts,
      log: this.#ownedLog,
      calls,
      account,
      recorder: runner.conversations ? undefined : new ConversationRecorder(options.conversation),
      memory,
      logger,
      onActivity: () => this.#limits.markActivity(),
      onFinished: () => this.end({ reason: 'closed' }),
      onEndedByAgent: () => this.end({ reason: 'agent_ended' }),
    });
    this.#posts = new PostReceiver(inbox, {
      log,
      connections: this.connections,
      runs: this.#runs,
      calls,
      limits: this.#limits,
      memory,
      account,
      manualActivity: settings.manualActivity,
      runner,
      checkState: (delta) => checkStateChange(options.conversation.state, delta),
      checkConfig: (config) => this.#checkConfig(config),
      configure: (config) => this.#configure(config),
    });
  }

  /** Reserves the first numbers of the log, then has the first run start, and starts the timers. */
  async start(): Promise<void> {
    const { lease } = this.#options;
    await this.#ownedLog.open();
    lease.lost.addEventListener('abort', () => this.#abandon(), { once: true });
    lease.onCommand((command) => this.#handleCommand(command));
    this.#limits.start();
    this.#unwatchStorage = this.#options.conversation.watchStorage((storage) => this.#ownedLog.append({ storage }));
    this.#runs.start();
  }

  get info(): SessionInfo {
    const { userId, sessionId } = this.#options;
    const { agentName } = this.#persona;
    const { modality, manualActivity } = this.#settings;
    const { activeAgent } = this.#runs;
    return { userId, sessionId, modality, manualActivity, ...omitUndefined({ activeAgent, agentName }) };
  }

  get memory(): MemoryBudget {
    return this.#options.memory;
  }

  /** How the session ended; `undefined` while it is live, and after it was stopped. */
  get ended(): End | undefined {
    return this.#end;
  }

  get over(): boolean {
    return this.#stopped || this.#posts.closed;
  }

  get congested(): boolean {
    return this.#runs.congested || this.#options.account.isAudioExhausted;
  }

  /** Whether a reply has begun and is not complete. */
  get midTurn(): boolean {
    return this.#ownedLog.turns.midTurn;
  }

  /** Time for which nobody has read the session and no reply was due, in ms. */
  get unreadMs(): number {
    return this.connections.size > 0 || this.#runs.busy ? 0 : this.#limits.lingersForMs;
  }

  async attach(reader: ReaderInfo): Promise<Attachment> {
    // A session that was stopped without an end never reports one to a new reader.
    if (this.#stopped && !this.#end) throw new WireError('draining');
    this.#limits.stopLinger();
    return this.connections.attach(reader);
  }

  /**
   * Applies requested settings to the further runs. If they differ from the current ones, another run continues the conversation.
   * @returns whether the run was replaced
   * @throws {WireError} invalid_run_config, too_many_model_connections: nothing has changed
   */
  reconfigure(requested: RunConfig): boolean {
    if (Object.keys(requested).length === 0) return false;
    const { runConfig } = this.#settings;
    const settings = resolveRunSettings(this.#options.runner, mergeRunConfig(runConfig, requested));
    if (isSameRun(settings.runConfig, runConfig)) return false;
    if (!this.#runs.isWaiting) this.#options.account.checkRun();
    if (!this.#runs.replace(settings.runConfig, this.#persona)) return false;
    this.#settings = settings;
    this.#ownedLog.append({ reconfigured: describeSettings(settings) });
    return true;
  }

  /** @throws {WireError} config_not_allowed, invalid_run_config, too_many_model_connections */
  #checkConfig(config: SessionConfig): void {
    checkSessionConfig(config, this.#options.runner.card);
    if (!this.#runs.isWaiting && !isSamePersona(config, this.#persona)) this.#options.account.checkRun();
  }

  /** Makes the agent whom a client requests. If the agent is another one than before, another run continues the conversation. */
  #configure({ provider: _, ...persona }: SessionConfig): void {
    const { firstRunDelayMs = 0 } = this.#options;
    // The first run waits for this config, so that readers do not know another one.
    const isExpected = this.#runs.isWaiting && firstRunDelayMs > 0;
    if (!isExpected && isSamePersona(persona, this.#persona)) return;
    if (!this.#runs.replace(this.#settings.runConfig, persona)) return;
    this.#persona = persona;
    this.#memory.set(SESSION_BYTES + valueBytes(persona));
    this.#ownedLog.renameAgent(persona.agentName);
    if (!isExpected) this.#ownedLog.append({ reconfigured: describeSettings(this.#settings) });
  }

  /** Starts a run if the last one has failed. */
  revive(): void {
    this.#runs.revive();
  }

  post({ envelope, body, paced = false }: ClientPost): PostAnswer {
    // A body without an envelope is checked before the state of the session, an enveloped one after it.
    if (!envelope && 'refusal' in body) return body;
    this.connections.recordPost();
    const answer = this.#refuseIfOver() ?? this.#posts.receive(envelope, body, paced);
    if ('refusal' in answer) return answer;
    const written = envelope ? this.connections.findWritten(envelope.client) : null;
    return { status: answer.status, next: answer.next, written };
  }

  /** Resolves when no reply is being given and no message waits for one. */
  async waitForTurnEnd(): Promise<void> {
    while (this.#runs.busy) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const unsubscribe = this.log.subscribe(resolve);
      await promise;
      unsubscribe();
    }
  }

  /** Ends the session at once and reports it to its readers. Has no effect on a session that was stopped. */
  end(end: End): void {
    if (this.#stopped) return;
    const { userId, sessionId, logger, onOver } = this.#options;
    this.#end = end;
    this.#stopRun();
    this.connections.stopAcknowledgements();
    this.#ownedLog.append({ end });
    this.#release();
    logger.info({ userId, sessionId, reason: end.reason }, 'live session ended');
    onOver(this);
  }

  /** Stops the run and all timers, and gives the session up. Readers are not told of an end: their clients reconnect. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopRun();
    this.#release();
    // Polls that are held can be answered now.
    this.log.wakeReaders();
  }

  #stopRun(): void {
    this.#stopped = true;
    this.#unwatchStorage?.();
    this.#limits.stop();
    this.#runs.stop();
    this.#inbox.close();
  }

  #release(): void {
    this.#options.account.close();
    this.#closeUnread();
    void this.#options.conversation.release();
    void this.#releaseLease();
  }

  async #releaseLease(): Promise<void> {
    const { userId, sessionId, lease, logger } = this.#options;
    try {
      await lease.release();
    } catch (error) {
      // The lease expires by itself. Until then no process can open the session.
      logger.warn({ userId, sessionId, err: error }, 'the ownership of a live session was not released');
    }
  }

  #refuseIfOver(): Refused | undefined {
    if (this.#end || this.#posts.closed) return refuse('session_ended');
    return this.#stopped ? refuse('draining') : undefined;
  }

  async #handleCommand(command: SessionCommand): Promise<SessionAnswer> {
    if (command.kind === 'post') return this.post(command.post);
    this.end(command.end);
    return { status: 'ended' };
  }

  /** Another process may have become the owner: nothing more may be written to the log. */
  #abandon(): void {
    if (this.#stopped) return;
    const { userId, sessionId, logger, onOver } = this.#options;
    this.#ownedLog.close();
    this.stop();
    this.connections.drain(() => OWNER_CHANGE_RETRY_MS);
    logger.warn({ userId, sessionId }, 'the ownership of a live session was lost');
    onOver(this);
  }

  /** Requests that arrive during the last reply are accepted, and are part of the conversation. */
  async #endAtLimit(reason: 'max_duration' | 'idle'): Promise<void> {
    if (reason === 'max_duration') await settleWithin(this.waitForTurnEnd(), LAST_REPLY_MS);
    if (!this.#stopped) this.end({ reason });
  }

  #onEmpty(): void {
    if (!this.#stopped) {
      this.#limits.startLinger();
      return;
    }
    this.#closeUnread();
    this.#options.onLeft(this);
  }

  /** Stops counting the memory of a session that is over, once nobody reads its log. */
  #closeUnread(): void {
    if (this.connections.size > 0) return;
    this.log.close();
    this.#memory.close();
  }
}

function refuse(code: 'session_ended' | 'draining'): Refused {
  return { refusal: new WireError(code).body() };
}
