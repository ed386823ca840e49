import { isThenable } from '../isolation/author-call.ts';
import type { Content, Transcription } from '../wire/agent-event.ts';
import type { InvocationContext } from './invocation-context.ts';
import type { ToolContext } from './tool.ts';

/** Answer of a callback, at once or as a promise. `undefined`: the conversation continues as if there was no callback. */
type Answer<Value> = Value | undefined | Promise<Value | undefined>;

/** Words of the user on their way to the model (ADK: LlmRequest). A copy: changes have no effect. */
export interface LlmRequest {
  /** A single message. Speech is text here: its transcript. */
  readonly contents: readonly Content[];
}

/**
 * The reply of the model so far (ADK: LlmResponse). A callback that returns one puts the text of its `content` in the place of the reply.
 */
export interface LlmResponse {
  /** Text of a model that answers in text, complete from the beginning of the turn. */
  readonly content?: Content;
  /** Words of a model that speaks, complete from the beginning of the turn. */
  readonly outputTranscription?: Transcription;
  /** True while more may follow. */
  readonly partial?: boolean;
}

/** The tool that a call names. */
export interface CalledTool {
  readonly name: string;
  readonly description: string;
}

export type AgentCallback = (context: InvocationContext) => Answer<Content>;
export type BeforeModelCallback = (params: {
  readonly context: InvocationContext;
  readonly request: LlmRequest;
}) => Answer<LlmResponse>;
export type AfterModelCallback = (params: {
  readonly context: InvocationContext;
  readonly response: LlmResponse;
}) => Answer<LlmResponse>;
export type BeforeToolCallback = (params: {
  readonly tool: CalledTool;
  /** Changes reach the tool. */
  readonly args: Record<string, unknown>;
  readonly context: ToolContext;
}) => Answer<Record<string, unknown>>;
export type AfterToolCallback = (params: {
  readonly tool: CalledTool;
  readonly args: Record<string, unknown>;
  readonly context: ToolContext;
  readonly response: Readonly<Record<string, unknown>>;
}) => Answer<Record<string, unknown>>;

/** A callback, or several: they are called in order until one returns something. */
type OneOrMore<Callback> = Callback | readonly Callback[];

/** Callbacks of an agent, with the names of ADK. */
export interface AgentCallbackOptions {
  /**
   * Called when a run of the agent starts, and when the agent takes over from another one, before its connection to the model is opened. The content that
   * it returns is the reply of the agent: it is emitted as text, and the run ends, with its live session.
   */
  readonly beforeAgentCallback?: OneOrMore<AgentCallback>;
  /**
   * Called when a run has ended by itself, and when another agent takes over. The content that it returns is emitted as a last reply of the run; another
   * agent replies in its place.
   */
  readonly afterAgentCallback?: OneOrMore<AgentCallback>;
  /**
   * Called with each message of the user: typed text before it is sent, speech as soon as its transcript is complete. The text of the response that it
   * returns takes the place of the reply. A typed message is not sent then, and the reply to speech stops. What was blocked is not stored.
   */
  readonly beforeModelCallback?: OneOrMore<BeforeModelCallback>;
  /**
   * Called with the reply of the model as it grows. The text of the response that it returns takes the place of the reply, which stops, also when it is
   * sounding already. What was blocked is not stored.
   */
  readonly afterModelCallback?: OneOrMore<AfterModelCallback>;
  /** Called before a tool runs. What it returns is the result of the call, and the tool does not run. It may change the arguments. */
  readonly beforeToolCallback?: OneOrMore<BeforeToolCallback>;
  /** Called with the result of a tool. What it returns takes its place. */
  readonly afterToolCallback?: OneOrMore<AfterToolCallback>;
}

/** Callbacks of an agent, each in an array. */
export interface AgentCallbacks {
  readonly beforeAgent: readonly AgentCallback[];
  readonly afterAgent: readonly AgentCallback[];
  readonly beforeModel: readonly BeforeModelCallback[];
  readonly afterModel: readonly AfterModelCallback[];
  readonly beforeTool: readonly BeforeToolCallback[];
  readonly afterTool: readonly AfterToolCallback[];
}

/** Names of the options. */
export const CALLBACK_OPTIONS: readonly (keyof AgentCallbackOptions)[] = [
  'beforeAgentCallback',
  'afterAgentCallback',
  'beforeModelCallback',
  'afterModelCallback',
  'beforeToolCallback',
  'afterToolCallback',
];

/** @throws {TypeError} if a callback is not a function */
export function resolveCallbacks(agentName: string, options: AgentCallbackOptions): AgentCallbacks {
  for (const name of CALLBACK_OPTIONS) {
    const callbacks: readonly unknown[] = toArray<unknown>(options[name]);
    if (callbacks.every((each) => typeof each === 'function')) continue;
    throw new TypeError(`Agent "${agentName}": ${name} must be a function or an array of functions`);
  }
  return {
    beforeAgent: toArray(options.beforeAgentCallback),
    afterAgent: toArray(options.afterAgentCallback),
    beforeModel: toArray(options.beforeModelCallback),
    afterModel: toArray(options.afterModelCallback),
    beforeTool: toArray(options.beforeToolCallback),
    afterTool: toArray(options.afterToolCallback),
  };
}

function toArray<Callback>(callbacks: OneOrMore<Callback> | undefined): readonly Callback[] {
  if (callbacks === undefined) return [];
  return Array.isArray(callbacks) ? callbacks : [callbacks as Callback]; // not an array, as was just checked
}

/**
 * Calls callbacks in order until one returns something.
 * @param call calls one of them
 * @returns at once, unless a callback has returned a promise
 */
export function callUntilAnswered<Callback, Value>(
  callbacks: readonly Callback[],
  call: (callback: Callback) => Answer<Value>,
): Answer<Value> {
  for (const [index, callback] of callbacks.entries()) {
    const answer = call(callback);
    if (isThenable(answer)) {
      return Promise.resolve(answer).then((value) => value ?? callUntilAnswered(callbacks.slice(index + 1), call));
    }
    if (answer !== undefined && answer !== null) return answer;
  }
  return undefined;
}
