import { recordPromises } from '../../isolation/fault-handlers.ts';
import { FaultScope } from '../../isolation/fault-scope.ts';
import type { LiveState } from '../../store/live-state.ts';
import type { FunctionCall } from '../../wire/agent-event.ts';
import { describeError, toErrorDetails } from '../../wire/error-text.ts';
import type { LiveRequest } from '../../wire/live-request.ts';
import type { MemoryCounter } from '../../wire/memory-share.ts';
import type { StateDelta } from '../../wire/state-delta.ts';
import type { InvocationNames } from '../invocation-context.ts';
import { isAsyncGenerator } from '../is-async-generator.ts';
import { CallState } from '../state.ts';
import type { Tool, ToolContext } from '../tool.ts';
import { InputCopy } from './input-copy.ts';
import { type ToolAnswer, toToolAnswer } from './tool-response.ts';

/** The part of the server's logger that tools use. */
export interface ToolLogger {
  warn(details: object, message: string): void;
}

/** The call of a tool that asks something of the run. */
export interface CallOrigin {
  readonly callId: string;
  /** Agent that was active when the tool was called. */
  readonly agentName: string;
}

/** What tools can ask of the run. What is invalid throws. */
export interface CallControl {
  transferToAgent(origin: CallOrigin, agentName: string): void;
  completeTask(origin: CallOrigin): void;
  endInvocation(): void;
  refreshAgent(): void;
}

/** The part of a tool that runs. */
export type RunnableTool = Pick<Tool, 'run' | 'timeoutMs' | 'isStreaming' | 'isLongRunning' | 'inputStream'>;

/** How a call has ended. */
export interface ToolEnd {
  /** The last answer. `undefined`: a generator has ended without one. */
  readonly answer: ToolAnswer | undefined;
  /** Whether the tool failed, or did not answer in time. The answer is the error. */
  readonly failed: boolean;
  /** Changes of the state by the tool. `undefined`: none */
  readonly stateDelta: StateDelta | undefined;
}

export interface ToolExecutionOptions {
  readonly call: FunctionCall;
  readonly invocation: InvocationNames;
  readonly control: CallControl;
  /** State that the tool may change. */
  readonly state: LiveState;
  /** Maximum duration of a call, in ms, of a tool that does not say; 0: no limit. */
  readonly timeoutMs: number;
  readonly logger: ToolLogger | undefined;
  /** Counts the input that a streaming tool has not read. Default: nobody does. */
  readonly memory?: MemoryCounter | undefined;
  /** Called before the first value of an async generator is requested: the call is one of a streaming tool. */
  readonly onStream: () => void;
  /** Called with each value that an async generator yields. @param stateDelta what the tool changed. `undefined`: nothing */
  readonly onUpdate: (answer: ToolAnswer, stateDelta: StateDelta | undefined) => void;
  /** Called once, after all updates, unless the call is cancelled before. */
  readonly onEnd: (end: ToolEnd) => void;
}

type Callbacks = Pick<ToolExecutionOptions, 'onStream' | 'onUpdate' | 'onEnd'>;

/** Maximum of a time-out, in ms: a timer counts at most 24 days. */
const MAX_TIMEOUT_MS = 86_400_000;
/** Minimum time between two values of an async generator, in ms. A generator that yields in a loop waits. */
const UPDATE_INTERVAL_MS = 250;

/**
 * One call of a tool, whose code is not trusted to be right: whatever the code throws, returns or leaves behind, the call has exactly one
 * end, and nobody else is affected.
 */
export class ToolExecution {
  readonly #options: Omit<ToolExecutionOptions, keyof Callbacks>;
  /** Released when the call has ended: a timer that the tool has left must not keep the run in memory. */
  #callbacks: Callbacks | undefined;
  readonly #controller = new AbortController();
  readonly #conversationState: CallState;
  readonly #scope = new FaultScope((error) => this.#onFault(error));
  #timer: NodeJS.Timeout | undefined;
  /** Ends the record of the promises of the call, by which a rejection is found that nobody handles. */
  #endRecord: (() => void) | undefined;
  #state: 'running' | 'answered' | 'cancelled' = 'running';
  /** Whether something of the call that came after its end was logged. A timer that throws again and again fills no log. */
  #isLateLogged = false;
  readonly #input: InputCopy;
  #generator: AsyncIterator<unknown> | undefined;
  /** Ends the wait before the next value of the generator. */
  #endWait: (() => void) | undefined;
  /** Resolves when the code of the tool has ended, however long that takes after the end of the call. */
  #settled: Promise<void> = Promise.resolve();

  constructor(options: ToolExecutionOptions) {
    const { onStream, onUpdate, onEnd, ...others } = options;
    this.#options = others;
    this.#callbacks = { onStream, onUpdate, onEnd };
    this.#conversationState = new CallState(options.state);
    this.#input = new InputCopy(options.memory);
  }

  /** Resolves when the code of the tool has ended, also after the end of the call. Never rejects. */
  get settled(): Promise<void> {
    return this.#settled;
  }

  /** Calls the tool. The end never comes before this method has returned. */
  start(tool: RunnableTool): void {
    this.#endRecord = recordPromises();
    if (!tool.inputStream) this.#input.close();
    // The continuation belongs to the run of the agent, not to the scope of the tool.
    this.#settled = this.#run(tool).then(
      (answer) => this.#onToolEnd(answer, false),
      (error) => this.#onToolEnd({ response: { error: describeError(error) } }, true, error),
    );
    const limitMs = tool.timeoutMs ?? (tool.isStreaming ? 0 : this.#options.timeoutMs);
    const timeoutMs = Math.min(limitMs, MAX_TIMEOUT_MS);
    if (timeoutMs > 0) this.#timer = setTimeout(() => this.#onTimeout(timeoutMs), timeoutMs).unref();
  }

  /** Gives the tool a copy of what the user sends. */
  addInput(request: LiveRequest): void {
    this.#input.push(request);
  }

  /** Aborts the signal of the call. The call has no end any more. @returns changes of state, which no answer carries */
  cancel(): StateDelta | undefined {
    if (!this.#end('cancelled')) return undefined;
    const stateDelta = this.#conversationState.close();
    this.#abort();
    return stateDelta;
  }

  async #run(tool: RunnableTool): Promise<ToolAnswer | undefined> {
    const result = await this.#scope.run(() => this.#call(tool));
    if (isAsyncGenerator(result)) return this.#stream(result, tool);
    return this.#convert(result);
  }

  async #call(tool: RunnableTool): Promise<unknown> {
    // A tool that changes its arguments must not change the event that clients read.
    return tool.run?.(structuredClone(this.#options.call.args), this.#createContext());
  }

  /** Converts a result in the scope of the tool, whose getters may throw: a value that JSON cannot represent is an error of this tool. */
  #convert(result: unknown): ToolAnswer {
    return this.#scope.run(() => toToolAnswer(result));
  }

  /** Requests the values of a generator, one after the other, until it ends or the call does. @returns what it returns, if that is something */
  async #stream(generator: AsyncIterator<unknown>, tool: RunnableTool): Promise<ToolAnswer | undefined> {
    this.#generator = generator;
    if (tool.isLongRunning) {
      this.#closeGenerator();
      throw new TypeError('A long-running tool cannot return an async generator: leave isLongRunning out');
    }
    if (this.#state !== 'running') this.#closeGenerator();
    else if (tool.timeoutMs === undefined) clearTimeout(this.#timer);
    this.#callbacks?.onStream();
    while (this.#state === 'running') {
      const { value, done } = await this.#scope.run(() => generator.next());
      if (done) return value === undefined ? undefined : this.#convert(value);
      if (this.#state !== 'running') break;
      this.#callbacks?.onUpdate(this.#convertUpdate(value), this.#conversationState.takeDelta());
      await this.#waitForInterval();
    }
    return undefined;
  }

  /** A value that the model cannot be told is an error in its place. The generator goes on. */
  #convertUpdate(value: unknown): ToolAnswer {
    try {
      return this.#convert(value);
    } catch (error) {
      return { response: { error: describeError(error) } };
    }
  }

  async #waitForInterval(): Promise<void> {
    if (this.#state !== 'running') return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, UPDATE_INTERVAL_MS).unref();
    this.#endWait = resolve;
    await promise;
    clearTimeout(timer);
  }

  #createContext(): ToolContext {
    const { call, invocation, control } = this.#options;
    const { userId, sessionId, invocationId, agentName } = invocation;
    const origin = { callId: call.id, agentName };
    return {
      userId,
      sessionId,
      invocationId,
      agentName,
      state: this.#conversationState,
      signal: this.#controller.signal,
      callId: call.id,
      input: this.#input,
      transferToAgent: (name) => this.#ask(() => control.transferToAgent(origin, name)),
      completeTask: () => this.#ask(() => control.completeTask(origin)),
      endInvocation: () => this.#ask(() => control.endInvocation()),
      refreshAgent: () => this.#ask(() => control.refreshAgent()),
    };
  }

  /** @throws {Error} if the call has ended: nothing may happen to the conversation because of it */
  #ask(request: () => void): void {
    if (this.#state !== 'running') throw new Error('The call has ended');
    request();
  }

  #onToolEnd(answer: ToolAnswer | undefined, failed: boolean, error?: unknown): void {
    const callbacks = this.#end('answered');
    if (callbacks) {
      // Clients and the model get the message only. Whoever mends the tool needs the stack.
      if (error !== undefined) this.#log('a tool failed', error);
      callbacks.onEnd({ answer, failed, stateDelta: this.#conversationState.close() });
      return;
    }
    // The result of a cancelled call is not wanted, however the call ends, and nobody waits for the end of a generator.
    const isNews = error !== undefined || this.#generator === undefined;
    if (this.#state === 'answered' && isNews && !this.#isAbortReason(error)) {
      this.#logLate('a tool answered after the end of its call: the result is discarded', error);
    }
  }

  #onTimeout(timeoutMs: number): void {
    const message = `The tool did not answer within ${timeoutMs} ms`;
    const callbacks = this.#end('answered');
    if (!callbacks) return;
    this.#options.logger?.warn({ ...this.#describeCall(), timeoutMs }, 'a tool did not answer in time');
    this.#fail(callbacks, message, new DOMException(message, 'TimeoutError'));
  }

  /** The code of the tool has thrown where nobody catches, or has left a rejection. */
  #onFault(error: unknown): void {
    const callbacks = this.#end('answered');
    if (!callbacks) {
      if (!this.#isAbortReason(error)) this.#logLate('a tool failed after the end of its call', error);
      return;
    }
    this.#log('a tool failed outside of the promise that it returned', error);
    this.#fail(callbacks, describeError(error), error);
  }

  /** Ends the call by an error, and the code of the tool by its signal. */
  #fail({ onEnd }: Callbacks, error: string, reason: unknown): void {
    const stateDelta = this.#conversationState.close();
    this.#abort(reason);
    onEnd({ answer: { response: { error } }, failed: true, stateDelta });
  }

  /** Ends the call. @returns what receives the end; `undefined` if the call has ended before */
  #end(state: 'answered' | 'cancelled'): Callbacks | undefined {
    if (this.#state !== 'running') return undefined;
    this.#state = state;
    clearTimeout(this.#timer);
    this.#endRecord?.();
    this.#endWait?.();
    this.#input.close();
    const callbacks = this.#callbacks;
    this.#callbacks = undefined;
    return callbacks;
  }

  /** Whether a tool that was told to stop ends as expected: with the reason of its signal. */
  #isAbortReason(error: unknown): boolean {
    const { aborted, reason } = this.#controller.signal;
    return aborted && error === reason;
  }

  /** Aborts the signal in the scope of the call: Node reports what a listener throws to the scope in which the signal is aborted. */
  #abort(reason?: unknown): void {
    this.#scope.run(() => this.#controller.abort(reason));
    this.#closeGenerator();
  }

  /** Runs the `finally` blocks of a generator. One that does not end by its signal, nor by this, is left alone: nobody reads its values. */
  #closeGenerator(): void {
    const generator = this.#generator;
    if (!generator) return;
    this.#scope
      .run(async () => generator.return?.())
      .catch((error) => {
        if (!this.#isAbortReason(error)) this.#logLate('a streaming tool failed after the end of its call', error);
      });
  }

  #logLate(message: string, error?: unknown): void {
    if (this.#isLateLogged) return;
    this.#isLateLogged = true;
    this.#log(message, error);
  }

  #log(message: string, error: unknown): void {
    const details = error === undefined ? {} : { err: toErrorDetails(error) };
    this.#options.logger?.warn({ ...this.#describeCall(), ...details }, message);
  }

  #describeCall(): object {
    const { call, invocation } = this.#options;
    const { userId, sessionId } = invocation;
    return { userId, sessionId, tool: call.name, callId: call.id };
  }
}
