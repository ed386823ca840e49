import * as z from 'zod';
import type { ToolDeclaration } from '../models/realtime-model.ts';
import type { LiveRequest } from '../wire/live-request.ts';
import { checkOptionNames } from './check-option-names.ts';
import type { InvocationContext } from './invocation-context.ts';
import { isAsyncGeneratorFunction } from './is-async-generator.ts';

/**
 * When the model is told a result for which it does not wait:
 * - `WHEN_IDLE`: when neither the model nor the user speaks. The model then speaks about the result.
 * - `INTERRUPT`: at once. The model interrupts what it says.
 * - `SILENT`: when neither speaks. The model knows the result, and says nothing about it until the user asks.
 */
export type ToolScheduling = 'WHEN_IDLE' | 'INTERRUPT' | 'SILENT';

/**
 * Copy of what the user sends during a call, from its start (ADK: `input_stream`): audio, frames, text and signs of activity, for one reader. At most
 * 1 MiB, 8 s of speech at 48 kHz, waits to be read; above that the oldest requests are dropped. The iteration ends with the call.
 */
export interface ToolInput extends AsyncIterable<LiveRequest> {
  /** Number of requests that were dropped because the tool did not read them in time. */
  readonly dropped: number;
}

/** Context of one call of a tool. */
export interface ToolContext extends InvocationContext {
  /**
   * Aborted when the result is no longer wanted: the user interrupted, the live session has ended, or the time-out of the call is over. After a
   * time-out the reason is a DOMException called `TimeoutError`.
   */
  readonly signal: AbortSignal;
  /** Id of the function call. */
  readonly callId: string;
  /**
   * Transfers the conversation to another agent of the tree when the tool has returned: that agent answers what the user said, and the model does not
   * receive the result of this call.
   * @throws {TypeError} if there is no such agent, or if it is the active one
   * @throws {Error} if the conversation was transferred 5 times since the user spoke, or if the call has ended
   */
  transferToAgent(agentName: string): void;
  /**
   * Completes the part of an agent that is a step of a SequentialAgent: when the tool has returned, the next step speaks, and after the last one the
   * run ends.
   * @throws {TypeError} if the agent is no step
   * @throws {Error} if the call has ended
   */
  completeTask(): void;
  /**
   * Ends the run, and the live session, when the model has finished its reply: it receives the result of this call, and may say goodbye. After 30 s the
   * run ends in any case.
   * @throws {Error} if the call has ended
   */
  endInvocation(): void;
  /**
   * Has the instruction and the tools of the agent read again, and tells the model of them as soon as it is idle. The conversation has no gap: the
   * connection is replaced once the next one is open.
   * @throws {Error} if the call has ended
   */
  refreshAgent(): void;
  /** Requests that the user sends during the call, for a tool with `inputStream`. Without that option the iteration ends at once. */
  readonly input: ToolInput;
}

/** Tool that the model may call: a function of the agent, a function of its clients, or a built-in tool that the provider runs. */
export interface Tool {
  readonly declaration: ToolDeclaration;
  /**
   * Runs a call and returns its result for the model: an object unchanged, any other value as `{result}`. A result of more than 64 KiB of JSON
   * reaches the model as an error that names the limit. Default: a client or the provider runs the tool.
   */
  readonly run?: (args: unknown, context: ToolContext) => Promise<unknown>;
  /** `client`: clients of the live session run the tool and send the result. Default: the server or the provider runs it. */
  readonly where?: 'client';
  /**
   * Checks the arguments of a call that clients run, before any client sees the call.
   * @throws {TypeError} if they are invalid; the model receives the message as an error
   */
  readonly checkArguments?: (args: unknown) => void;
  /**
   * Whether a call runs only if the user confirms it.
   * @param args as the model sent them: they may not match the schema
   */
  readonly needsConfirmation?: (args: unknown) => boolean;
  /** Maximum duration of a call, in ms; 0: no limit. Default: `toolTimeoutMs` of the RunConfig; no limit for a streaming tool. */
  readonly timeoutMs?: number;
  /** When the model is told results for which it does not wait. Default: the model waits, or `WHEN_IDLE` for a long-running or streaming tool. */
  readonly scheduling?: ToolScheduling;
  /** Whether the result of `run` is the first response only, and an app sends the real result later. Default: false. */
  readonly isLongRunning?: boolean;
  /** Whether `run` returns an async generator, each value of which is a result. Default: false. */
  readonly isStreaming?: boolean;
  /** Whether `run` reads `context.input`. Default: false. */
  readonly inputStream?: boolean;
}

export interface ToolOptions<Schema extends z.ZodType> {
  /** Name for the model: at most 64 letters, digits, `_`, `.` and `-`. */
  readonly name: string;
  /** Tells the model when to call the tool and what the tool returns. */
  readonly description: string;
  /** Schema of the arguments, as a zod 4 object. Arguments are checked before `execute` is called. Default: no arguments. */
  readonly parameters?: Schema;
  /**
   * Runs a call. What the function returns, or resolves to, is the result. An async generator is a streaming tool: the model receives a first response
   * at once, and each value that is yielded as a further result. At most 8 of them run at the same time in a run of the agent, and each is asked for a
   * value at most 4 times a second.
   */
  readonly execute: (args: z.output<Schema>, context: ToolContext) => unknown;
  /**
   * Maximum duration of a call, in ms, at most one day; 0: no limit. Then the signal of the call is aborted, the model receives an error, and a
   * later result is discarded. Default: `toolTimeoutMs` of the RunConfig, 60 s; no limit for a streaming tool.
   */
  readonly timeoutMs?: number;
  /**
   * Whether a call runs only if the user confirms it (ADK: require_confirmation). Clients receive the call with `confirm`, and one of them sends
   * `tool_confirm`. If the user refuses, or nobody answers within 5 minutes, the model receives an error, and the tool does not run. A function
   * decides by the checked arguments; it must be quick, and one that throws means yes. Default: false.
   */
  readonly requireConfirmation?: boolean | ((args: z.output<Schema>) => boolean);
  /**
   * Whether the model speaks on while the tool runs, and when it is told the result (ADK: response_scheduling). The model receives a first response at
   * once, which says that the result is pending. Default: the model waits for the result; `WHEN_IDLE` for a long-running or streaming tool.
   */
  readonly scheduling?: ToolScheduling;
  /**
   * Whether the result comes later, from an app: as `tool_result` for the id of the call, or by `LiveRequestQueue.sendToolResults` (ADK:
   * LongRunningFunctionTool). What `execute` returns is the first response, such as the number of a ticket; null or nothing is a response that says
   * that the result is pending, and an object with `error` the only result. The result may come at any time, also after a lost connection, and in a later live session of the conversation as long as its last
   * 2,000 events contain the call. Default: false.
   */
  readonly isLongRunning?: boolean;
  /** Whether the tool receives a copy of what the user sends, as `context.input`. Only for an async generator. Default: false. */
  readonly inputStream?: boolean;
}

export type ClientToolOptions<Schema extends z.ZodType> = Omit<ToolOptions<Schema>, 'execute' | 'inputStream'>;

/** First response of a call whose result is pending. The text is ADK's. */
export const PENDING_RESPONSE = {
  status: 'The function is running asynchronously and the results are pending.',
} as const;

const CLIENT_OPTIONS: readonly string[] = [
  'name',
  'description',
  'parameters',
  'timeoutMs',
  'requireConfirmation',
  'scheduling',
  'isLongRunning',
];
const OPTIONS: readonly string[] = [...CLIENT_OPTIONS, 'execute', 'inputStream'];
const SCHEDULINGS: readonly unknown[] = ['WHEN_IDLE', 'INTERRUPT', 'SILENT'];
/** Added to the description of a long-running tool: a model calls again what it believes has failed. */
const LONG_RUNNING_NOTE = 'The result comes later. Do not call the function again while its result is pending.';
/** One day, in ms. */
const MAX_TIMEOUT_MS = 86_400_000;
/** Names of tools that models accept. */
export const TOOL_NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;

/**
 * Creates a tool from a function. The function runs beside the receive loop, so that the conversation continues meanwhile.
 *
 * An error that the function throws reaches the model as `{error}`. So does an error that it throws later, in a timer or an event handler, and a
 * rejection that it does not handle, while the call is running; after that the server logs the error. No other conversation notices. What no
 * server can mend is code that does not return: a loop, or work of seconds without an `await`, stops all conversations of the process. Move
 * such work to a worker thread.
 * @throws {TypeError} if an option is unknown, the name or the time-out is invalid, `execute` is not a function, or `parameters` is not a schema of zod 4
 */
export function tool<Schema extends z.ZodType = z.ZodObject>(options: ToolOptions<Schema>): Tool {
  const { name, parameters, execute, inputStream = false } = options;
  const declared = declareFunction('tool', options);
  if (typeof execute !== 'function') throw new TypeError(`tool "${name}": execute must be a function`);
  const isStreaming = isAsyncGeneratorFunction(execute);
  checkStreamingOptions(options, isStreaming);
  return {
    ...declared,
    async run(args, context) {
      return execute((parameters ? parseArguments(parameters, args) : {}) as z.output<Schema>, context);
    },
    ...(isStreaming ? { isStreaming } : {}),
    ...(inputStream ? { inputStream } : {}),
  };
}

/**
 * Creates a tool that clients run: a page that asks for the position of the device, an app that opens a view. Each client of the live session
 * receives the call as `tool_call` with `where: 'client'`, and the first result that arrives goes to the model. The time-out of the call includes the
 * way to the client and back. If no client answers, the model receives an error.
 * @throws {TypeError} if an option is unknown, the name or the time-out is invalid, or `parameters` is not a schema of zod 4
 */
export function clientTool<Schema extends z.ZodType = z.ZodObject>(options: ClientToolOptions<Schema>): Tool {
  const { parameters } = options;
  const declared = declareFunction('clientTool', options);
  if (!parameters) return { ...declared, where: 'client' };
  return { ...declared, where: 'client', checkArguments: (args) => void parseArguments(parameters, args) };
}

function declareFunction<Schema extends z.ZodType>(
  kind: 'tool' | 'clientTool',
  options: ClientToolOptions<Schema>,
): Pick<Tool, 'declaration' | 'timeoutMs' | 'needsConfirmation' | 'scheduling' | 'isLongRunning'> {
  const { name, description, parameters, timeoutMs, requireConfirmation = false } = options;
  const { scheduling, isLongRunning = false } = options;
  if (!TOOL_NAME.test(name))
    throw new TypeError(`${kind}: "${name}" is not a valid name: use at most 64 letters, digits, _ . and -`);
  checkToolOptions(kind, options);
  if (timeoutMs !== undefined && !(Number.isInteger(timeoutMs) && timeoutMs >= 0 && timeoutMs <= MAX_TIMEOUT_MS)) {
    throw new TypeError(`${kind} "${name}": timeoutMs must be a whole number of ms from 0 to ${MAX_TIMEOUT_MS}`);
  }
  if (typeof requireConfirmation !== 'boolean' && typeof requireConfirmation !== 'function') {
    throw new TypeError(`${kind} "${name}": requireConfirmation must be true, false or a function`);
  }
  if (scheduling !== undefined && !SCHEDULINGS.includes(scheduling)) {
    throw new TypeError(`${kind} "${name}": scheduling must be one of ${SCHEDULINGS.join(', ')}`);
  }
  if (typeof isLongRunning !== 'boolean') throw new TypeError(`${kind} "${name}": isLongRunning must be true or false`);
  // Schemas of zod 3 look the same to a program, but have no `_zod`.
  if (parameters && !('_zod' in parameters)) {
    throw new TypeError(
      `${kind} "${name}": parameters must be a schema of zod 4, not of zod 3 or another library: run npm install zod@4`,
    );
  }
  return {
    declaration: {
      type: 'function',
      name,
      description: isLongRunning ? `${description} ${LONG_RUNNING_NOTE}`.trim() : description,
      ...(parameters ? { parameters: z.toJSONSchema(parameters, { io: 'input' }) } : {}),
    },
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(scheduling === undefined ? {} : { scheduling }),
    ...(isLongRunning ? { isLongRunning } : {}),
    ...(requireConfirmation === false
      ? {}
      : { needsConfirmation: createConfirmationRule(requireConfirmation, parameters) }),
  };
}

/** Creates the rule that decides whether a call needs a confirmation. A call with invalid arguments does not run, and needs none. */
function createConfirmationRule<Schema extends z.ZodType>(
  rule: true | ((args: z.output<Schema>) => boolean),
  parameters: Schema | undefined,
): (args: unknown) => boolean {
  return (args) => {
    let checked: z.output<Schema>;
    try {
      checked = (parameters ? parseArguments(parameters, args) : {}) as z.output<Schema>;
    } catch {
      return false;
    }
    if (rule === true) return true;
    try {
      return rule(checked) !== false;
    } catch {
      return true;
    }
  };
}

function checkToolOptions(kind: 'tool' | 'clientTool', options: { readonly name: string }): void {
  checkOptionNames(`${kind} "${options.name}"`, options, kind === 'tool' ? OPTIONS : CLIENT_OPTIONS);
}

/** @throws {TypeError} if the options of a tool contradict what its function is */
function checkStreamingOptions(
  { name, isLongRunning, inputStream = false }: Pick<ToolOptions<z.ZodType>, 'name' | 'isLongRunning' | 'inputStream'>,
  isStreaming: boolean,
): void {
  if (typeof inputStream !== 'boolean') throw new TypeError(`tool "${name}": inputStream must be true or false`);
  if (inputStream && !isStreaming)
    throw new TypeError(`tool "${name}": inputStream is for a streaming tool: execute must be an async generator`);
  if (isLongRunning && isStreaming)
    throw new TypeError(`tool "${name}": a streaming tool sends its results itself: leave isLongRunning out`);
}

/** @throws {TypeError} if the arguments do not match the schema */
function parseArguments<Schema extends z.ZodType>(parameters: Schema, args: unknown): z.output<Schema> {
  const checked = parameters.safeParse(args);
  if (!checked.success) throw new TypeError(`Invalid arguments: ${z.prettifyError(checked.error)}`);
  return checked.data;
}

/** Google Search, run by Gemini: grounds answers about current events. */
export const googleSearch: Tool = { declaration: { type: 'google_search' } };
