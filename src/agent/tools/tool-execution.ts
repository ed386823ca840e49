import { recordPromises } from '../../isolation/fault-handlers.ts';
import { FaultScope } from '../../isolation/fault-scope.ts';
import type { LiveState } from '../../store/live-state.ts';
import type { FunctionCall } from '../../wire/agent-event.ts';
import { describeError, toErrorDetails } from '../../wire/error-text.ts';
import type { StateDelta } from '../../wire/state-delta.ts';
import type { InvocationNames } from '../invocation-context.ts';
import { CallState } from '../state.ts';
import type { Tool, ToolContext } from '../tool.ts';
import { type ToolAnswer, toToolAnswer } from './tool-response.ts';

/** The part of the server's logger that tools use. */
export interface ToolLogger {
  warn(details: object, message: string): void;
}

/** What tools can ask of the run, each with the id of its call. What is invalid throws. */
export interface CallControl {
  transferToAgent(callId: string, agentName: string): void;
  completeTask(callId: string): void;
  endInvocation(): void;
  refreshAgent(): void;
}

/** The part of a tool that runs. */
export type RunnableTool = Pick<Tool, 'run' | 'timeoutMs'>;

export interface ToolExecutionOptions {
  readonly call: FunctionCall;
  readonly invocation: InvocationNames;
  readonly control: CallControl;
  /** State that the tool may change. */
  readonly state: LiveState;
  /** Maximum duration of a call, in ms, of a tool that does not say; 0: no limit. */
  readonly timeoutMs: number;
  readonly logger: ToolLogger | undefined;
  /** Called once, unless the call is cancelled before. @param stateDelta what the tool changed. `undefined`: nothing */
  readonly onResponse: (answer: ToolAnswer, stateDelta: StateDelta | undefined) => void;
}

/** Maximum of a time-out, in ms: a timer counts at most 24 days. */
const MAX_TIMEOUT_MS = 86_400_000;

/**
 * One call of a tool, whose code is not trusted to be right: whatever the code throws, returns or leaves behind, the call has exactly one
 * response, and nobody else is affected.
 */
export class ToolExecution {
  readonly #options: Omit<ToolExecutionOptions, 'onResponse'>;
  /** Released when the call has ended: a timer that the tool has left must not keep the run in memory. */
  #onResponse: ToolExecutionOptions['onResponse'] | undefined;
  readonly #controller = new AbortController();
  readonly #conversationState: CallState;
  readonly #scope = new FaultScope((error) => this.#onFault(error));
  #timeoutMs: number;
  #timer: NodeJS.Timeout | undefined;
  /** Ends the record of the promises of the call, by which a rejection is found that nobody handles. */
  #endRecord: (() => void) | undefined;
  #state: 'running' | 'answered' | 'cancelled' = 'running';
  /** Whether something of the call that came after its end was logged. A timer that throws again and again fills no log. */
  #isLateLogged = false;

  constructor(options: ToolExecutionOptions) {
    const { onResponse, ...others } = options;
    this.#options = others;
    this.#onResponse = onResponse;
    this.#timeoutMs = options.timeoutMs;
    this.#conversationState = new CallState(options.state);
  }

  /** Calls the tool. The response never comes before this method has returned. */
  start(tool: RunnableTool): void {
    this.#endRecord = recordPromises();
    const running = this.#scope.run(() => this.#run(tool));
    // What follows belongs to the run of the agent, not to the scope of the tool.
    running.then(
      (answer) => this.#onToolEnd(answer),
      (error) => this.#onToolEnd({ response: { error: describeError(error) } }, error),
    );
    const timeoutMs = Math.min(this.#timeoutMs, MAX_TIMEOUT_MS);
    if (timeoutMs > 0) this.#timer = setTimeout(() => this.#onTimeout(timeoutMs), timeoutMs).unref();
  }

  /** Aborts the signal of the call. The call has no response any more. @returns changes of state, which no response carries */
  cancel(): StateDelta | undefined {
    if (!this.#end('cancelled')) return undefined;
    const stateDelta = this.#conversationState.close();
    this.#abort();
    return stateDelta;
  }

  async #run(tool: RunnableTool): Promise<ToolAnswer> {
    const { call } = this.#options;
    this.#timeoutMs = tool.timeoutMs ?? this.#timeoutMs;
    const context = this.#createContext();
    // A tool that changes its arguments must not change the event that clients read.
    const args = structuredClone(call.args);
    // Convert the result here, so that a value that JSON cannot represent is an error of this tool, not of the run.
    return toToolAnswer(await tool.run?.(args, context));
  }

  #createContext(): ToolContext {
    const { call, invocation, control } = this.#options;
    const { userId, sessionId, invocationId, agentName } = invocation;
    return {
      userId,
      sessionId,
      invocationId,
      agentName,
      state: this.#conversationState,
      signal: this.#controller.signal,
      callId: call.id,
      transferToAgent: (name) => this.#ask(() => control.transferToAgent(call.id, name)),
      completeTask: () => this.#ask(() => control.completeTask(call.id)),
      endInvocation: () => this.#ask(() => control.endInvocation()),
      refreshAgent: () => this.#ask(() => control.refreshAgent()),
    };
  }

  /** @throws {Error} if the call has ended: nothing may happen to the conversation because of it */
  #ask(request: () => void): void {
    if (this.#state !== 'running') throw new Error('The call has ended');
    request();
  }

  #onToolEnd(answer: ToolAnswer, error?: unknown): void {
    const onResponse = this.#end('answered');
    if (onResponse) {
      // Clients and the model get the message only. Whoever mends the tool needs the stack.
      if (error !== undefined) this.#log('a tool failed', error);
      onResponse(answer, this.#conversationState.close());
    }
    // The result of a cancelled call is not wanted, however the call ends.
    else if (this.#state === 'answered' && !this.#isAbortReason(error)) {
      this.#logLate('a tool answered after the end of its call: the result is discarded', error);
    }
  }

  #onTimeout(timeoutMs: number): void {
    const onResponse = this.#end('answered');
    if (!onResponse) return;
    const message = `The tool did not answer within ${timeoutMs} ms`;
    const stateDelta = this.#conversationState.close();
    this.#options.logger?.warn({ ...this.#describeCall(), timeoutMs }, 'a tool did not answer in time');
    this.#abort(new DOMException(message, 'TimeoutError'));
    onResponse({ response: { error: message } }, stateDelta);
  }

  /** The code of the tool has thrown where nobody catches, or has left a rejection. */
  #onFault(error: unknown): void {
    const onResponse = this.#end('answered');
    if (!onResponse) {
      if (!this.#isAbortReason(error)) this.#logLate('a tool failed after the end of its call', error);
      return;
    }
    this.#log('a tool failed outside of the promise that it returned', error);
    const stateDelta = this.#conversationState.close();
    this.#abort(error);
    onResponse({ response: { error: describeError(error) } }, stateDelta);
  }

  /** Ends the call. @returns what receives the response; `undefined` if the call has ended before */
  #end(state: 'answered' | 'cancelled'): ToolExecutionOptions['onResponse'] | undefined {
    if (this.#state !== 'running') return undefined;
    this.#state = state;
    clearTimeout(this.#timer);
    this.#endRecord?.();
    const onResponse = this.#onResponse;
    this.#onResponse = undefined;
    return onResponse;
  }

  /** Whether a tool that was told to stop ends as expected: with the reason of its signal. */
  #isAbortReason(error: unknown): boolean {
    const { aborted, reason } = this.#controller.signal;
    return aborted && error === reason;
  }

  /** Aborts the signal in the scope of the call: Node reports what a listener throws to the scope in which the signal is aborted. */
  #abort(reason?: unknown): void {
    this.#scope.run(() => this.#controller.abort(reason));
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
