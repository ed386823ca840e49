import { callAuthor } from '../../isolation/author-call.ts';
import type { Content } from '../../wire/agent-event.ts';
import { toErrorDetails } from '../../wire/error-text.ts';
import type { StateDelta } from '../../wire/state-delta.ts';
import { type AgentCallbacks, callUntilAnswered, type LlmResponse } from '../callbacks.ts';
import type { InvocationContext, InvocationNames } from '../invocation-context.ts';
import type { CallState } from '../state.ts';
import type { ToolLogger } from '../tools/tool-execution.ts';
import type { RunState } from './run-state.ts';

/** Text in the place of a reply. */
export interface Replacement {
  /** Empty if the callback has failed. */
  readonly text: string;
  /** Changes of the state by the callback. */
  readonly stateDelta?: StateDelta | undefined;
  /** Whether the callback threw, took too long, or returned something that is no response: it decides nothing, so that nothing gets through. */
  readonly failed?: true;
}

/** `undefined`: the conversation continues. */
export type Verdict = Replacement | undefined;

export interface CallbackCallsOptions {
  /** The agent that is active. Read when a callback is called. */
  readonly active: InvocationNames & { readonly callbacks: AgentCallbacks };
  readonly state: RunState;
  readonly logger: ToolLogger | undefined;
}

/** Maximum duration of one callback, in ms. */
const CALLBACK_MS = 5_000;
/** Maximum duration of a callback after the end of a run, in ms. The live session waits for it. */
const AFTER_AGENT_MS = 3_000;
/** Maximum length of a text that takes the place of a reply, in characters. */
const MAX_TEXT = 16 * 1024;

type Name = `${keyof AgentCallbacks}Callback`;

/** Calls the callbacks of the agent and of the model, whose code is not trusted to be right: each call has one verdict, within its time limit. */
export class CallbackCalls {
  readonly #options: CallbackCallsOptions;

  constructor(options: CallbackCallsOptions) {
    this.#options = options;
  }

  beforeAgent(): Verdict | Promise<Verdict> {
    const { beforeAgent } = this.#options.active.callbacks;
    return this.#call('beforeAgentCallback', beforeAgent, (callback, context) => callback(context), readText);
  }

  afterAgent(): Verdict | Promise<Verdict> {
    const { afterAgent } = this.#options.active.callbacks;
    const call = (callback: (typeof afterAgent)[number], context: InvocationContext) => callback(context);
    return this.#call('afterAgentCallback', afterAgent, call, readText, AFTER_AGENT_MS);
  }

  /** @param text words of the user */
  beforeModel(text: string): Verdict | Promise<Verdict> {
    const { beforeModel } = this.#options.active.callbacks;
    return this.#call(
      'beforeModelCallback',
      beforeModel,
      (callback, context) => callback({ context, request: { contents: [{ role: 'user', parts: [{ text }] }] } }),
      readResponse,
    );
  }

  /** @param create creates the response, one for each callback: it is a copy */
  afterModel(create: () => LlmResponse): Verdict | Promise<Verdict> {
    const { afterModel } = this.#options.active.callbacks;
    return this.#call(
      'afterModelCallback',
      afterModel,
      (callback, context) => callback({ context, response: create() }),
      readResponse,
    );
  }

  #call<Callback, Value>(
    name: Name,
    callbacks: readonly Callback[],
    invoke: (callback: Callback, context: InvocationContext) => Value | undefined | Promise<Value | undefined>,
    read: (value: Value) => unknown,
    ms = CALLBACK_MS,
  ): Verdict | Promise<Verdict> {
    if (callbacks.length === 0) return undefined;
    const state = this.#options.state.open();
    const { userId, sessionId, invocationId, agentName } = this.#options.active;
    const context: InvocationContext = { userId, sessionId, invocationId, agentName, state };
    const onLateFault = (error: unknown) => this.#log(name, error, 'failed after its end');
    const conclude = (value: Value | undefined) => this.#conclude(state, value, read);
    const fail = (error: unknown) => this.#fail(name, state, error);
    try {
      const answer = callUntilAnswered<Callback, Value>(callbacks, (callback) =>
        callAuthor(() => invoke(callback, context), { ms, onLateFault }),
      );
      return answer instanceof Promise ? answer.then(conclude).catch(fail) : conclude(answer);
    } catch (error) {
      return fail(error);
    }
  }

  #conclude<Value>(state: CallState, value: Value | undefined, read: (value: Value) => unknown): Verdict {
    if (value === undefined || value === null) {
      const stateDelta = state.close();
      if (stateDelta) this.#options.state.emitDelta(stateDelta);
      return undefined;
    }
    const text = read(value);
    if (typeof text !== 'string' || text === '') throw new TypeError('the callback returned something without a text');
    if (text.length > MAX_TEXT) throw new RangeError(`the callback returned more than ${MAX_TEXT} characters`);
    return { text, stateDelta: state.close() };
  }

  #fail(name: Name, state: CallState, error: unknown): Verdict {
    this.#log(name, error, 'failed');
    return { text: '', stateDelta: state.close(), failed: true };
  }

  #log(name: Name, error: unknown, what: string): void {
    const { active, logger } = this.#options;
    const { userId, sessionId, agentName: agent } = active;
    logger?.warn({ userId, sessionId, agent, err: toErrorDetails(error) }, `${name} ${what}`);
  }
}

function readResponse({ content }: LlmResponse): unknown {
  return content && readText(content);
}

/** Joins the texts of a content, which code of an author has made. */
function readText({ parts = [] }: Content): unknown {
  return parts.map(({ text }) => (typeof text === 'string' ? text : '')).join('');
}
