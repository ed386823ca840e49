import { LiveRequestQueue } from '../agent/live-request-queue.ts';
import type { ConversationRecorder } from '../agent/run/conversation-recorder.ts';
import { createEventFactory } from '../agent/run/event-factory.ts';
import { type LiveRunner, Runner } from '../agent/run/runner.ts';
import { createTypedEvent } from '../agent/run/send-request.ts';
import type { RunConfig } from '../agent/run-config.ts';
import type { AgentEvent, Content, UpstreamStatus } from '../wire/agent-event.ts';
import { type SizedRequest, toSizedRequest } from '../wire/byte-size.ts';
import type { LiveRequest } from '../wire/live-request.ts';
import { omitUndefined } from '../wire/omit-undefined.ts';
import type { SessionPersona } from '../wire/session-config.ts';
import { WireError } from '../wire/wire-error.ts';
import type { ClientCalls } from './client-calls.ts';
import { copyForeignEvent } from './foreign-event.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { OwnedLog } from './owned-log.ts';
import type { RunStarts } from './run-starts.ts';
import type { SessionAccount } from './session-account.ts';
import type { SessionLogger } from './session-logger.ts';
import { SupervisedRun } from './supervised-run.ts';
import { extractTypedText, findPictures } from './typed-messages.ts';
import { toVisibleEvent } from './visible-event.ts';

export interface RunSupervisorOptions {
  readonly userId: string;
  readonly sessionId: string;
  readonly runner: LiveRunner;
  /** Config of the first run. */
  readonly runConfig: RunConfig;
  /** Maximum wait for the first request before the first run starts, in ms. The request may have a config of the run. Default: 0. */
  readonly firstRunDelayMs?: number | undefined;
  /** Chooses when the first run starts if it does not wait for a request. */
  readonly starts: RunStarts;
  /** Receives the events and the failures of the runs. */
  readonly log: OwnedLog;
  /** Follows the calls of the runs, for the clients. */
  readonly calls: ClientCalls;
  /** Pays for the runs. The first one is paid for. */
  readonly account: SessionAccount;
  /** Records what is said, for a runner that does not. */
  readonly recorder?: ConversationRecorder | undefined;
  /** Memory that is held for all clients of the process. */
  readonly memory: MemoryBudget;
  readonly logger: SessionLogger;
  /** Called when a run yields an event other than the state of its model connection, or a summary. */
  readonly onActivity: () => void;
  /** Called once, when the last run has ended after `finish()`. */
  readonly onFinished: () => void;
  /** Called when a run has ended because its agent wanted that. */
  readonly onEndedByAgent: () => void;
}

/** Wait after the second failure in a row, in ms. Doubles with each further failure. The first failure is followed by no wait. */
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;
/** Maximum time for a run to end after it was told to finish, in ms. */
const SETTLE_MS = 5_000;

/**
 * Keeps one run going for a live session. A run that is replaced passes its unread requests to its successor. After a run has failed, the
 * next request starts another.
 */
export class RunSupervisor {
  readonly #options: RunSupervisorOptions;
  readonly #stamp = createEventFactory();
  #runConfig: RunConfig;
  #persona: SessionPersona | undefined;
  /** Whether the first run has not started: it waits for its turn, or for the first request. */
  #isWaiting = false;
  #stopWaiting: (() => void) | undefined;
  /** Current run; `undefined` after it has ended or failed. */
  #run: SupervisedRun | undefined;
  /** Queue of the current run, or of the next one. */
  #queue: LiveRequestQueue;
  /** Whether a message was sent that no completed turn has answered. */
  #awaitsReply = false;
  /** Whether the model works in the background although its turn is complete. */
  #isWorking = false;
  /** Agent to which the conversation was transferred last. */
  #activeAgent: string | undefined;
  /** Whether the agent of the current run has ended it. */
  #isEndedByAgent = false;
  #finishing = false;
  #stopped = false;
  #failures = 0;
  /** Earliest time of the next run, in ms since 1970. */
  #retryAt = 0;
  /** Timer of the next run, or of the end of a run that does not finish. */
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RunSupervisorOptions) {
    this.#options = options;
    this.#runConfig = options.runConfig;
    this.#queue = new LiveRequestQueue({ memory: options.memory });
  }

  /** Starts the first run with the first request, or before: when it is its turn, or after `firstRunDelayMs`. */
  start(): void {
    const { firstRunDelayMs = 0, starts } = this.#options;
    this.#isWaiting = true;
    if (firstRunDelayMs > 0) this.#timer = setTimeout(() => this.#startRun(), firstRunDelayMs).unref();
    else this.#stopWaiting = starts.add(() => this.#startRun());
  }

  /** Whether the first run has not started. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** Agent to which the conversation was transferred last. `undefined`: the one of the runner. */
  get activeAgent(): string | undefined {
    return this.#activeAgent;
  }

  /** Whether a reply is being given, the model works on one in the background, or a message waits for one. */
  get busy(): boolean {
    return this.#run !== undefined && (this.#awaitsReply || this.isReplying);
  }

  /** Whether a reply is being given, or the model works on one in the background. */
  get isReplying(): boolean {
    return this.#isWorking || this.#options.log.turns.midTurn;
  }

  /** Whether the request queue is more than half full, or memory is exhausted. A sender that can wait should wait. */
  get congested(): boolean {
    return this.#queue.congested || this.#options.memory.isExhausted;
  }

  /**
   * Whether the request queue has room.
   * @param bytes total size of the requests
   */
  hasRoomFor(bytes: number): boolean {
    return this.#queue.hasRoomFor(bytes);
  }

  /**
   * Replaces the current run by one with another config. The conversation continues. Check with the account first whether it can pay. A first run that
   * waits starts with this config, and was paid for.
   * @returns false if the session is ending; then nothing changes
   */
  replace(runConfig: RunConfig, persona: SessionPersona | undefined): boolean {
    if (this.#stopped || this.#finishing) return false;
    this.#runConfig = runConfig;
    this.#persona = persona;
    if (this.#isWaiting) {
      this.#startRun();
      return true;
    }
    const previous = this.#run;
    this.#abandonRun();
    this.#failures = 0;
    this.#options.account.chargeRun();
    this.#startRun(previous);
    return true;
  }

  /**
   * Starts a run if there is none, because the last one failed or ended. Waits first after several failures in a row, and while the user has
   * started too many runs.
   */
  revive(): void {
    if (this.#run || this.#stopped || this.#finishing || this.#isWaiting || this.#timer) return;
    // A client that streams audio sends ten requests a second. A provider that refuses must not get as many connection attempts.
    const { account } = this.#options;
    const waitMs = Math.max(this.#retryAt - Date.now(), account.runWaitMs);
    account.chargeRun();
    if (waitMs <= 0) this.#startRun();
    else this.#timer = setTimeout(() => this.#startRun(), waitMs).unref();
  }

  /**
   * Sends the requests of one POST to the model. Never refuses: call `hasRoomFor` first.
   * @param client id of the client that sent the POST; `null` if it has none
   */
  send(requests: readonly SizedRequest[], client: string | null): void {
    if (this.#isWaiting) this.#startRun();
    for (const sized of findPictures(requests)) {
      this.#queue.push(sized);
      if (sized.request.content) this.#recordTyped(sized.request, sized.request.content, client);
    }
    this.revive();
  }

  /** Records a typed message in the conversation, and shows it to all readers. */
  #recordTyped({ partial, pictures = 0 }: LiveRequest, content: Content, client: string | null): void {
    const { log, recorder } = this.#options;
    if (!partial) this.#awaitsReply = true;
    recorder?.recordTyped(this.#stamp(createTypedEvent(content, pictures)), log.turns.midTurn);
    log.append({ typed: { client, text: extractTypedText(content), pictures, ...(partial ? { partial } : {}) } });
  }

  /** Ends the run after it has read the requests that wait, then calls `onFinished`. */
  finish(): void {
    if (this.#finishing || this.#stopped) return;
    this.#finishing = true;
    this.#queue.close();
    this.#endWait();
    if (!this.#run) this.#options.onFinished();
    else this.#timer = setTimeout(() => this.#options.onFinished(), SETTLE_MS).unref();
  }

  /** Ends the run at once. No other run starts. */
  stop(): void {
    this.#stopped = true;
    this.#endWait();
    this.#abandonRun();
    this.#queue.close();
    this.#queue.drain();
  }

  /** Ends the wait for the next run. */
  #endWait(): void {
    this.#isWaiting = false;
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #abandonRun(): void {
    this.#run?.abort();
    this.#run = undefined;
    this.#endTurn();
  }

  /** @param previous run that this one replaces */
  #startRun(previous?: SupervisedRun): void {
    const { runner, userId, sessionId, memory, logger } = this.#options;
    this.#endWait();
    this.#isEndedByAgent = false;
    const queue = new LiveRequestQueue({ memory });
    for (const sized of this.#takeWaiting()) queue.push(sized);
    this.#queue.close();
    this.#queue = queue;
    this.#run = new SupervisedRun({
      runner,
      params: {
        userId,
        sessionId,
        liveRequestQueue: queue,
        runConfig: this.#runConfig,
        ...(this.#persona ? { persona: this.#persona } : {}),
        memory,
      },
      logger,
      onEvent: (event) => this.#onEvent(event),
      onEnd: (failure) => this.#onRunEnd(failure),
    });
    this.#run.start(previous);
  }

  /** Removes the waiting requests from the queue. After a failure only messages are kept: audio from before it would be answered too late. */
  #takeWaiting(): readonly SizedRequest[] {
    const waiting = this.#queue.drain();
    return this.#failures === 0 ? waiting : waiting.flatMap(keepMessage);
  }

  #onRunEnd(failure: { readonly error: unknown } | undefined): void {
    const reported = failure && this.#reportFailure(failure.error);
    this.#run = undefined;
    this.#endTurn();
    if (reported && !this.#finishing) this.#fail(reported);
    if (this.#finishing) this.#options.onFinished();
    else if (!failure && this.#isEndedByAgent) this.#options.onEndedByAgent();
  }

  #onEvent(yielded: AgentEvent): void {
    const { runner, log, calls, recorder, onActivity } = this.#options;
    const event = runner instanceof Runner ? yielded : copyForeignEvent(yielded);
    if (event.turnComplete) {
      this.#failures = 0;
      this.#awaitsReply = false;
    }
    // ADK marks the end of each agent: what comes after it is of another one.
    this.#isEndedByAgent = event.actions?.endOfAgent === true;
    const next = event.actions?.transferToAgent;
    if (typeof next === 'string') this.#activeAgent = next;
    if (event.status) this.#followStatus(event.status.upstream);
    recorder?.record(event);
    const visible = toVisibleEvent(event);
    if (!visible) return;
    if (isActivity(visible)) onActivity();
    calls.apply(visible);
    log.append({ event: visible });
  }

  /** A model that works in the background is done when it is ready. A lost connection does not change that: the question is asked again. */
  #followStatus(upstream: UpstreamStatus['upstream']): void {
    if (upstream === 'working') this.#isWorking = true;
    else if (upstream === 'ready' || upstream === 'failed') this.#isWorking = false;
  }

  #reportFailure(error: unknown): WireError {
    const { logger, userId, sessionId } = this.#options;
    if (WireError.is(error)) {
      const { code, hint, message } = error;
      logger.warn({ userId, sessionId, code, ...(hint === undefined ? {} : { hint }) }, `run failed: ${message}`);
      return error;
    }
    logger.error({ userId, sessionId, err: error }, 'run failed');
    return new WireError('agent_failed');
  }

  #fail(failure: WireError): void {
    const { runner, log } = this.#options;
    log.append({ event: this.#stamp({ author: runner.card.agent, status: { upstream: 'failed' } }) });
    log.append({ failure: failure.body() });
    this.#retryAt =
      this.#failures === 0 ? 0 : Date.now() + Math.min(RETRY_MS * 2 ** (this.#failures - 1), MAX_RETRY_MS);
    this.#failures += 1;
    // Discard waiting audio now, not when the next run starts. Otherwise it would leave no room for new messages.
    for (const sized of this.#takeWaiting()) this.#queue.push(sized);
  }

  /** Ends the calls and the turns of a run that ended in the middle of a reply, so that no client runs a tool in vain, or waits for the rest. */
  #endTurn(): void {
    this.#isWorking = false;
    const { runner, log, calls } = this.#options;
    const { unfinished } = calls;
    if (unfinished.length > 0) {
      const event = this.#stamp({ author: runner.card.agent, toolCancellation: unfinished });
      calls.apply(event);
      log.append({ event });
    }
    for (const author of log.turns.speakers) {
      log.append({ event: this.#stamp({ author, interrupted: true }) });
      log.append({ event: this.#stamp({ author, turnComplete: true }) });
    }
  }
}

/** Reduces a request to its message, its changes of state, and results of calls, which may be long-running ones. @returns an empty list if it has none */
function keepMessage({ request: { content, partial, state_delta, tool_results } }: SizedRequest): SizedRequest[] {
  if (!content && !state_delta && !tool_results) return [];
  const message = content ? { content, ...(partial ? { partial } : {}) } : {};
  return [toSizedRequest({ ...message, ...omitUndefined({ state_delta, tool_results }) })];
}

/** Whether an event shows that somebody speaks. A summary of the conversation is made beside it. */
function isActivity({ status, actions }: AgentEvent): boolean {
  return !status && actions?.compaction === undefined;
}
