import { BoundedMap } from '../wire/bounded-map.ts';
import { describeError } from '../wire/error-text.ts';
import type { LogEvents } from '../wire/named-events.ts';
import { isToolOutput } from '../wire/tool-output.ts';
import { isWithinResultLimits, MAX_TOOL_RESULT_BYTES, toResponse } from '../wire/tool-result.ts';
import type { Emitter } from './emitter.ts';
import type { Position } from './position.ts';

/** A call of a tool that this client runs. */
export interface ClientToolCall {
  /** Id of the call. */
  readonly id: string;
  /** Aborted when the result is not needed any more: the call was cancelled or answered by another client, or the live session has ended. */
  readonly signal: AbortSignal;
}

/**
 * Runs a tool. What the function returns, or resolves to, is the result for the model: a value that JSON can express, at most 64 KiB, or one with
 * pictures (`toolResult`). An exception is an error for the model.
 */
export type ClientToolFunction<Args = Record<string, unknown>> = (args: Args, call: ClientToolCall) => unknown;

export interface ClientToolsOptions {
  readonly position: Position;
  readonly emitter: Emitter;
  /** Sends the result of a call, as an item. */
  readonly send: (item: object) => void;
}

/** Maximum number of calls without a result. The oldest is forgotten, and its signal aborted. A run of an agent has at most 64. */
const MAX_CALLS = 100;

interface PendingCall {
  readonly id: string;
  readonly name: string;
  readonly args: Record<string, unknown>;
  /** Whether the call waits for a user to confirm it. */
  awaitsUser: boolean;
  /** Set once the tool runs. */
  controller?: AbortController;
}

/**
 * Runs the tools of this client when the agent calls them, each call once. A call that arrives in a replay may have been answered before: it waits
 * until the client has received everything that the log contained when the connection was opened.
 */
export class ClientTools {
  readonly #options: ClientToolsOptions;
  readonly #tools = new Map<string, ClientToolFunction<never>>();
  /** Calls of client tools that have neither a result nor a cancellation, also those of tools that this client does not have. */
  readonly #calls = new BoundedMap<string, PendingCall>(MAX_CALLS, (call) => call.controller?.abort());
  #epoch: string | undefined;
  /** Newest entry of the log when the last connection was opened. */
  #head = 0;
  #isScheduled = false;

  constructor(options: ClientToolsOptions) {
    this.#options = options;
    const { emitter, position } = options;
    emitter.on('session', ({ epoch, head }) => this.#onSession(epoch, head));
    emitter.on('tool_call', (call) => this.#onCall(call));
    emitter.on('tool_confirmed', ({ id, ok }) => this.#onConfirmed(id, ok));
    // A result that others follow leaves the call open: it says that the result is pending.
    emitter.on('tool_result', ({ id, will_continue: continues }) => continues || this.#end(id));
    emitter.on('tool_cancel', ({ id }) => this.#end(id));
    emitter.on('reset', () => this.#forgetWaiting());
    position.onMoved = () => this.#schedule();
  }

  /**
   * Adds a tool. A call that waits for it starts.
   * @returns a function that removes the tool. Its running calls continue
   * @throws {TypeError} if `run` is no function, or there is a tool with this name
   */
  add(name: string, run: ClientToolFunction<never>): () => void {
    if (typeof name !== 'string' || name === '') throw new TypeError('tool: the name must be a text');
    if (typeof run !== 'function') throw new TypeError(`tool "${name}": the second argument must be a function`);
    if (this.#tools.has(name)) throw new TypeError(`tool "${name}": there is a tool with this name already`);
    this.#tools.set(name, run);
    this.#schedule();
    return () => {
      if (this.#tools.get(name) === run) this.#tools.delete(name);
    };
  }

  /** Aborts all calls: the client has ended, or the live session has. */
  stop(): void {
    for (const id of [...this.#calls.keys()]) this.#end(id);
  }

  /** @param head default: the server does not say, so that calls start at once */
  #onSession(epoch: string, head = 0): void {
    // The run that has made the calls ended with its live session.
    if (epoch !== this.#epoch) this.stop();
    this.#epoch = epoch;
    this.#head = head;
  }

  #onCall({ id, name, args, where, confirm }: LogEvents['tool_call']): void {
    if (where !== 'client') return;
    this.#calls.set(id, { id, name, args, awaitsUser: confirm === true });
    this.#schedule();
  }

  #onConfirmed(id: string, ok: boolean): void {
    const call = this.#calls.get(id);
    // A call that was refused gets its result, an error, from the server.
    if (!call || !ok) return;
    call.awaitsUser = false;
    this.#schedule();
  }

  #end(id: string): void {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    call?.controller?.abort();
  }

  /** After a `reset` nobody knows what became of the calls: running ones continue, others do not start. */
  #forgetWaiting(): void {
    for (const { id, controller } of [...this.#calls.values()]) if (!controller) this.#calls.delete(id);
  }

  /** Starts calls at the end of the current task: the event that is being received may be the result of one. */
  #schedule(): void {
    if (this.#isScheduled || this.#calls.size === 0) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      if (this.#options.position.complete >= this.#head) this.#startWaiting();
    });
  }

  #startWaiting(): void {
    for (const call of this.#calls.values()) {
      const run = call.controller || call.awaitsUser ? undefined : this.#tools.get(call.name);
      if (!run) continue;
      call.controller = new AbortController();
      void this.#run(call, call.controller.signal, run as ClientToolFunction<unknown>);
    }
  }

  async #run({ id, args }: PendingCall, signal: AbortSignal, run: ClientToolFunction<unknown>): Promise<void> {
    const outcome = await settle(() => run(args, { id, signal }));
    if (!signal.aborted) this.#options.send({ tool_result: { id, ...outcome } });
  }
}

type Outcome =
  | { readonly result: unknown; readonly images?: readonly { readonly mime_type: string; readonly data: string }[] }
  | { readonly error: string };

/** Calls a function of the user. @returns its result, or its error, within the limits of the server */
async function settle(run: () => unknown): Promise<Outcome> {
  try {
    const returned: unknown = await run();
    const { result: given, images } = isToolOutput(returned) ? returned : { result: returned, images: [] };
    // What JSON omits, such as a function, is no result.
    const result: unknown = JSON.parse(JSON.stringify(given) ?? 'null');
    if (!isWithinResultLimits(toResponse(result))) {
      return { error: `The result is larger than ${MAX_TOOL_RESULT_BYTES} bytes of JSON, or nested too deeply` };
    }
    if (images.length === 0) return { result };
    return { result, images: images.map(({ mimeType, data }) => ({ mime_type: mimeType, data })) };
  } catch (error) {
    return { error: describeError(error) };
  }
}
