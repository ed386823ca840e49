import type { LiveState } from '../../store/live-state.ts';
import type { FunctionCall, FunctionResponse, ToolConfirmation } from '../../wire/agent-event.ts';
import type { ClientToolResult, LiveRequest } from '../../wire/live-request.ts';
import { type MemoryCounter, MemoryShare } from '../../wire/memory-share.ts';
import { toResultParts } from '../../wire/result-images.ts';
import type { StateDelta } from '../../wire/state-delta.ts';
import type { AgentCallbacks, CalledTool } from '../callbacks.ts';
import type { InvocationNames } from '../invocation-context.ts';
import { PENDING_RESPONSE, type Tool } from '../tool.ts';
import { BackgroundCalls, type ToolUpdate } from './background-calls.ts';
import { type CallMode, findMode, isError, limitResult, refuse, runInClient, toFirstAnswer } from './call-mode.ts';
import { discardOldestPictures, discardOldestResults } from './result-limits.ts';
import { readFunctionName, type StopStreamingAnswer, stopStreaming, stopWithin } from './stop-streaming.ts';
import { wrapInCallbacks } from './tool-callbacks.ts';
import {
  type CallControl,
  type RunnableTool,
  type ToolEnd,
  ToolExecution,
  type ToolExecutionOptions,
  type ToolLogger,
} from './tool-execution.ts';
import type { ToolAnswer } from './tool-response.ts';
import { ToolRules } from './tool-rules.ts';

/** Maximum number of calls that run at the same time in one run. A further call is answered with an error. */
const MAX_RUNNING = 64;
/** Maximum number of streaming tools that run at the same time in one run. */
const MAX_STREAMING = 8;
/** Maximum duration of a call, in ms, if neither the tool nor the config of the run says otherwise. */
const DEFAULT_TIMEOUT_MS = 60_000;
/** Maximum wait for the user to confirm a call, in ms. */
const CONFIRMATION_MS = 300_000;
/** Maximum length of the name of a tool in an error, in characters. The model chooses the name. */
const MAX_NAME = 100;

const PENDING_ANSWER: ToolAnswer = { response: PENDING_RESPONSE };
const PENDING_END = { answer: PENDING_ANSWER, stateDelta: undefined };

/**
 * State of a call:
 * - `confirming`: the call waits for the user, who may refuse it.
 * - `running`: the exchange in which the model made the call is open.
 * - `detached`: the exchange ended while the call was running, so that the model did not wait for it. A lost connection does not cancel it.
 * - `answered`: the result exists, and no connection has received it yet.
 * - `delivered`: the result was sent. It is kept until the model completes an exchange, to be repeated if the connection is lost before.
 * - `cancelled`: the result is no longer wanted.
 */
export type CallState = 'confirming' | 'running' | 'detached' | 'answered' | 'delivered' | 'cancelled';

/** The result of a call, and how to send it to the model. */
export interface ToolResult {
  readonly response: FunctionResponse;
  /** Whether the connection knows the call and waits for its result. Otherwise the result must be sent as text. */
  readonly known: boolean;
  /** Whether the function is declared as one for whose results the model does not wait, where the model has that. */
  readonly nonBlocking: boolean;
  /** Changes of the state by the tool. */
  readonly stateDelta?: StateDelta | undefined;
}

export interface ToolCallsOptions {
  /** The agent that is active, whose tools are called, as they see the run. Read when a call starts. */
  readonly agent: InvocationNames & {
    readonly tools: readonly Tool[];
    readonly callbacks: Pick<AgentCallbacks, 'beforeTool' | 'afterTool'>;
  };
  /** Carries out what tools ask of the run. */
  readonly control: CallControl;
  /** State that the tools may change. */
  readonly state: LiveState;
  /** Maximum duration of a call, in ms, of a tool that does not say; 0: no limit. Default: 60 s. */
  readonly timeoutMs?: number | undefined;
  /** Default: nothing is logged. */
  readonly logger?: ToolLogger | undefined;
  /** Counts the pictures of results, and what is held for streaming tools. Default: nobody does. */
  readonly memory?: MemoryCounter | undefined;
  /** Called with each first response, unless the call was cancelled. Returns whether it was sent to the model. */
  readonly onResult: (result: ToolResult) => boolean;
  /** Called with each later result of a call for which the model does not wait. */
  readonly onUpdate: (update: ToolUpdate) => void;
  /** Called with the ids of calls that were stopped before their last result. Nothing of them follows. */
  readonly onStopped: (ids: readonly string[]) => void;
  /** Called with what a tool has changed in the state before its call was cancelled. */
  readonly onStateChanged: (stateDelta: StateDelta) => void;
  /** Called with the answer of a user to a call that waited for it. */
  readonly onConfirmed: (confirmation: ToolConfirmation) => void;
  /** Called with an error of the callbacks above. */
  readonly onError: (error: unknown) => void;
}

interface ToolCall {
  readonly call: FunctionCall;
  readonly execution: ToolExecution;
  state: CallState;
  readonly mode: CallMode;
  /** Starts the call once the user has confirmed it. */
  readonly tool: RunnableTool;
  /** Runs while the call waits for the user. */
  confirmationTimer?: NodeJS.Timeout;
  /** Whether the exchange in which the model made the call is open. */
  isExchangeOpen: boolean;
  /** Whether the connection is the one on which the model made the call. Another one ignores the result (pipecat PR#5497). */
  known: boolean;
  response?: FunctionResponse;
  /** Receives the result of a client. `undefined`: the call runs on the server. */
  readonly answer: ((result: ClientToolResult) => void) | undefined;
}

/** The function calls of a run, with one record for each call. Calls run beside the receive loop, which never waits for them. */
export class ToolCalls {
  /** What the tools say of a call. */
  readonly rules: ToolRules;
  readonly #options: ToolCallsOptions;
  /** Calls that are running or whose result may have to be sent again. Results are in the order in which they arrived. */
  readonly #calls = new Set<ToolCall>();
  readonly #memory: MemoryShare;
  /** Calls whose first response was given, and whose results come later. */
  readonly #background: BackgroundCalls;

  constructor(options: ToolCallsOptions) {
    this.#options = options;
    this.rules = new ToolRules(options.agent);
    this.#memory = new MemoryShare(options.memory);
    this.#background = new BackgroundCalls((update) => this.#guard(() => options.onUpdate(update)));
  }

  /** Starts a call, or has it wait for the user. A call whose id is already running is ignored. */
  start(call: FunctionCall): void {
    if (this.#background.has(call.id) || this.#findRunning().some((each) => each.call.id === call.id)) return;
    const answer = this.rules.isClientCall(call) ? Promise.withResolvers<ClientToolResult>() : undefined;
    const tool = this.rules.find(call.name);
    const refusal = this.#findRefusal(tool);
    const record: ToolCall = {
      call,
      answer: answer?.resolve,
      tool: refusal === undefined ? this.#findRunnable(call, answer?.promise) : refuse(refusal),
      mode: refusal === undefined ? findMode(tool, answer !== undefined) : { kind: 'waiting', scheduling: 'WHEN_IDLE' },
      execution: this.#createExecution(call, {
        onStream: () => this.#onStream(record),
        onUpdate: (given, stateDelta) => this.#background.update(call.id, given, stateDelta),
        onEnd: (end) => this.#onEnd(record, end),
      }),
      state: 'running',
      isExchangeOpen: true,
      known: true,
    };
    this.#calls.add(record);
    if (refusal !== undefined || !this.rules.needsConfirmation(call)) this.#run(record);
    else this.#awaitConfirmation(record);
  }

  /** Starts the code of a call. A call for whose result the model does not wait gets its first response now. */
  #run(record: ToolCall): void {
    const { mode, answer } = record;
    const isAppCall = mode.kind === 'long_running' && answer !== undefined;
    if (mode.kind === 'scheduled' || mode.kind === 'streaming' || isAppCall) this.#moveToBackground(record);
    if (!isAppCall) record.execution.start(record.tool);
  }

  #findRefusal(tool: Tool | undefined): string | undefined {
    if (this.#findRunning().length + this.#background.runningCount >= MAX_RUNNING)
      return `More than ${MAX_RUNNING} calls are running`;
    if (!tool?.isStreaming || this.#background.streamingCount < MAX_STREAMING) return undefined;
    return `${MAX_STREAMING} streaming functions are running: stop one first`;
  }

  /** Gives a call its first response. Its results come later. */
  #moveToBackground(record: ToolCall, end: Pick<ToolEnd, 'answer' | 'stateDelta'> = PENDING_END): void {
    const { call, mode, answer, known } = record;
    const execution = mode.kind === 'long_running' ? undefined : record.execution;
    this.#background.add({ call, mode, answer, execution }, known);
    this.#respond(record, end, true);
  }

  /** The code of a tool has returned a generator. A tool of another kind becomes a streaming one. */
  #onStream(record: ToolCall): void {
    if (record.state !== 'cancelled' && !this.#background.has(record.call.id)) this.#moveToBackground(record);
  }

  #onEnd(record: ToolCall, end: ToolEnd): void {
    const { answer, failed, stateDelta } = end;
    if (this.#background.has(record.call.id)) this.#background.finish(record.call.id, answer, stateDelta);
    else if (record.mode.kind === 'long_running' && !failed && !isError(answer))
      this.#moveToBackground(record, { answer: toFirstAnswer(answer), stateDelta });
    else this.#respond(record, end);
  }

  /** Receives the answer of a user. An answer to any other call than one that waits for it is ignored. */
  confirm({ id, ok }: ToolConfirmation): void {
    const record = [...this.#calls].find(({ call, state }) => state === 'confirming' && call.id === id);
    if (!record) return;
    clearTimeout(record.confirmationTimer);
    this.#options.onConfirmed({ id, ok });
    record.state = record.isExchangeOpen ? 'running' : 'detached';
    if (ok) this.#run(record);
    else record.execution.start(refuse('The user did not confirm the call: it did not run'));
  }

  /** Receives the result of a client or an app. @returns false if no call of this run waits for it */
  answer(result: ClientToolResult): boolean {
    const record = this.#findRunning().find(({ call, state }) => call.id === result.id && state !== 'confirming');
    if (!record) return this.#background.answer(result);
    record.answer?.(result);
    return true;
  }

  /** Receives the result of a long-running call that another run of the conversation has made. */
  answerEarlier({ id, name }: FunctionCall, result: ClientToolResult): void {
    const { response, images } = limitResult(result);
    const scheduling = this.rules.find(name)?.scheduling ?? 'WHEN_IDLE';
    const given = { id, name, response, ...toResultParts(images) };
    this.#guard(() =>
      this.#options.onUpdate({ response: given, scheduling, known: false, isNews: true, stateDelta: undefined }),
    );
  }

  /** Whether there are calls whose results come later. */
  get hasBackground(): boolean {
    return this.#background.size > 0;
  }

  /** Gives streaming tools a copy of what the user sends. */
  addInput(request: LiveRequest): void {
    this.#background.addInput(request);
  }

  /** Whether a call of the open exchange is running or waits for the user, so that the model waits for its result. */
  get isRunning(): boolean {
    for (const record of this.#calls) if (isUnfinished(record) && record.isExchangeOpen) return true;
    return false;
  }

  /** Whether there is a call whose result the model may still wait for. */
  get hasPending(): boolean {
    return this.#calls.size > 0;
  }

  /** Cancels running calls: aborts their signals and discards their results. Ids of other calls are ignored. */
  cancel(ids: readonly string[]): void {
    for (const record of this.#findRunning()) if (ids.includes(record.call.id)) this.#cancel(record);
    this.#cancelInBackground(ids);
  }

  cancelAll(): void {
    for (const record of this.#findRunning()) this.#cancel(record);
    this.#cancelInBackground(this.#background.ids);
  }

  /** Another agent takes over: stops the calls that this server, or a client, runs without the model waiting for them. */
  stopBackground(): void {
    this.#reportStopped(this.#cancelInBackground(this.#background.runningIds).map(({ call }) => call.id));
  }

  /** The run is over: nothing of it is counted any more. */
  close(): void {
    this.cancelAll();
    this.#memory.close();
  }

  /** The model has completed the exchange. Calls that are still running become `detached`, and delivered results are forgotten. */
  completeExchange(): void {
    for (const record of this.#calls) {
      record.isExchangeOpen = false;
      if (record.state === 'running') record.state = 'detached';
      if (record.state === 'delivered') this.#calls.delete(record);
    }
    discardOldestResults(this.#calls, false);
    this.#memory.set(discardOldestPictures(this.#calls));
  }

  /**
   * The connection is lost, and the input of the open exchange will be replayed: the model will make the calls of that exchange again. Cancels
   * those that are running, and forgets the results of the others.
   * @returns ids of the cancelled calls, and the results, which the replayed input must contain
   */
  interruptExchange(): { cancelled: string[]; results: FunctionResponse[] } {
    const cancelled: string[] = [];
    const results: FunctionResponse[] = [];
    for (const record of this.#calls) {
      if (!record.isExchangeOpen) continue;
      if (record.response) {
        results.push(record.response);
        this.#calls.delete(record);
      } else {
        cancelled.push(record.call.id);
        this.#cancel(record);
      }
    }
    this.#memory.set(discardOldestPictures(this.#calls));
    return { cancelled, results };
  }

  /** Forgets a call whose result the model never gets, because another agent has taken over with it. */
  forget(id: string): void {
    for (const record of this.#calls) if (record.call.id === id && record.response) this.#calls.delete(record);
    this.#memory.set(discardOldestPictures(this.#calls));
  }

  /**
   * There is a new connection. It ignores results of calls that were made on another one, also if it continues the provider's session.
   * @returns results of earlier exchanges, in order, that the model has not reacted to yet. They count as delivered
   */
  reconnect(): ToolResult[] {
    const results: ToolResult[] = [];
    this.#background.reconnect();
    for (const record of this.#calls) {
      record.known = false;
      if (!record.response) continue;
      results.push({ response: record.response, known: false, nonBlocking: false });
      record.state = 'delivered';
    }
    return results;
  }

  /** Finds the calls that have no result yet. */
  #findRunning(): ToolCall[] {
    return [...this.#calls].filter(isUnfinished);
  }

  #awaitConfirmation(record: ToolCall): void {
    record.state = 'confirming';
    const onTimeout = () => {
      record.state = record.isExchangeOpen ? 'running' : 'detached';
      record.execution.start(
        refuse(`Nobody confirmed the call within ${CONFIRMATION_MS / 60_000} minutes: it did not run`),
      );
    };
    record.confirmationTimer = setTimeout(onTimeout, CONFIRMATION_MS).unref();
  }

  #cancel(record: ToolCall): void {
    record.state = 'cancelled';
    clearTimeout(record.confirmationTimer);
    this.#calls.delete(record);
    const stateDelta = record.execution.cancel();
    if (stateDelta) this.#options.onStateChanged(stateDelta);
  }

  /** @returns the calls that were there */
  #cancelInBackground(ids: readonly string[]): ReturnType<BackgroundCalls['cancel']> {
    const cancelled = this.#background.cancel(ids);
    for (const { stateDelta } of cancelled) if (stateDelta) this.#options.onStateChanged(stateDelta);
    return cancelled;
  }

  #respond(
    record: ToolCall,
    { answer, stateDelta }: Pick<ToolEnd, 'answer' | 'stateDelta'>,
    willContinue = false,
  ): void {
    if (record.state === 'cancelled') return;
    const { id, name } = record.call;
    const { response, images } = answer ?? PENDING_ANSWER;
    const more = willContinue ? { willContinue } : {};
    const given: FunctionResponse = { id, name, response, ...toResultParts(images), ...more };
    record.response = given;
    record.state = 'answered';
    // Move the record to the end, because results are repeated in the order in which they arrived.
    this.#calls.delete(record);
    this.#calls.add(record);
    discardOldestResults(this.#calls, record.isExchangeOpen);
    this.#memory.set(discardOldestPictures(this.#calls));
    const { known, mode } = record;
    const nonBlocking = mode.kind !== 'waiting';
    this.#guard(() => {
      if (this.#options.onResult({ response: given, known, nonBlocking, stateDelta })) record.state = 'delivered';
    });
  }

  #guard(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#options.onError(error);
    }
  }

  #createExecution(
    call: FunctionCall,
    callbacks: Pick<ToolExecutionOptions, 'onStream' | 'onUpdate' | 'onEnd'>,
  ): ToolExecution {
    const { agent, control, state, timeoutMs = DEFAULT_TIMEOUT_MS, logger, memory } = this.#options;
    return new ToolExecution({ call, invocation: agent, control, state, timeoutMs, logger, memory, ...callbacks });
  }

  /** Stops the streaming tools with this name, because the model wants so. */
  async #stopStreaming(name: string): Promise<StopStreamingAnswer> {
    const stopped = this.#cancelInBackground(this.#background.findRunning(name));
    this.#reportStopped(stopped.map(({ call }) => call.id));
    return stopWithin(name, stopped.length, Promise.all(stopped.map(({ execution }) => execution?.settled)));
  }

  #reportStopped(ids: readonly string[]): void {
    if (ids.length > 0) this.#guard(() => this.#options.onStopped(ids));
  }

  /** @param answered result of a client; `undefined` for a call that no client runs */
  #findRunnable({ name }: FunctionCall, answered: Promise<ClientToolResult> | undefined): RunnableTool {
    const tool = this.rules.find(name);
    if (tool === stopStreaming) return { run: (args) => this.#stopStreaming(readFunctionName(args)) };
    const runnable = tool?.where === 'client' ? runInClient(tool, answered) : tool;
    if (!tool || !runnable?.run) return refuse(`There is no tool called ${name.slice(0, MAX_NAME)}`);
    const { description = '' } = tool.declaration as Partial<CalledTool>; // a function has one
    return wrapInCallbacks(runnable, { name, description }, this.#options.agent.callbacks);
  }
}

function isUnfinished({ state }: ToolCall): boolean {
  return state === 'confirming' || state === 'running' || state === 'detached';
}
