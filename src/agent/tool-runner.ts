import type { FunctionCall, FunctionResponse } from '../wire/agent-event.ts';
import { isRecord } from '../wire/record.ts';
import type { Tool, ToolContext } from './tool.ts';

/** Calls that may run at once in one run; one more is answered with an error. */
const MAX_RUNNING = 32;

export interface ToolRunnerOptions {
  readonly tools: readonly Tool[];
  readonly userId: string;
  readonly sessionId: string;
  /** Takes the result of each call as it is done, unless it was cancelled. */
  readonly onResult: (result: FunctionResponse, call: CallState) => void;
}

export interface CallState {
  /** The turn in which it was made is not complete. */
  readonly open: boolean;
  /** The connection in use is the one on which it was made, or continues it. */
  readonly known: boolean;
}

interface RunningCall {
  readonly controller: AbortController;
  open: boolean;
  known: boolean;
}

/** Runs function calls beside the receive loop: the model may go on, be interrupted, or take a call back meanwhile. */
export class ToolRunner {
  readonly #options: ToolRunnerOptions;
  readonly #running = new Map<string, RunningCall>();

  constructor(options: ToolRunnerOptions) {
    this.#options = options;
  }

  /** One that comes again while it runs is run once. */
  start(call: FunctionCall): void {
    if (this.#running.has(call.id)) return;
    const running: RunningCall = { controller: new AbortController(), open: true, known: true };
    const context = {
      signal: running.controller.signal,
      userId: this.#options.userId,
      sessionId: this.#options.sessionId,
      callId: call.id,
    };
    const refusal = this.#running.size >= MAX_RUNNING ? `More than ${MAX_RUNNING} calls are running` : undefined;
    if (!refusal) this.#running.set(call.id, running);
    void (refusal ? Promise.resolve({ error: refusal }) : this.#execute(call, context)).then((response) => {
      // A cancelled call is no longer there; another call may have its id by now.
      if (!refusal && this.#running.get(call.id) !== running) return;
      if (!refusal) this.#running.delete(call.id);
      this.#options.onResult({ id: call.id, name: call.name, response }, running);
    });
  }

  /** Their results are no longer wanted. */
  cancel(ids: readonly string[]): void {
    for (const id of ids) {
      const running = this.#running.get(id);
      this.#running.delete(id);
      running?.controller.abort();
    }
  }

  /** The same for those of the turn that is not complete. @returns their ids */
  cancelOpen(): string[] {
    const ids = [...this.#running].flatMap(([id, { open }]) => (open ? [id] : []));
    this.cancel(ids);
    return ids;
  }

  cancelAll(): void {
    this.cancel([...this.#running.keys()]);
  }

  /** The turn is complete: what still runs has been given leave to. */
  completeTurn(): void {
    for (const running of this.#running.values()) running.open = false;
  }

  /** Another connection has begun that knows of none of them. */
  forgetCalls(): void {
    for (const running of this.#running.values()) running.known = false;
  }

  async #execute(call: FunctionCall, context: ToolContext): Promise<Record<string, unknown>> {
    const tool = this.#options.tools.find(
      ({ declaration }) => declaration.type === 'function' && declaration.name === call.name,
    );
    if (!tool?.run) return { error: `There is no tool called ${call.name}` };
    try {
      const result = await tool.run(call.args, context);
      // As the JSON that it will be: what cannot be JSON is an error of this tool, not of the run that has to send it.
      const json: unknown = JSON.parse(JSON.stringify(result ?? null) ?? 'null');
      return isRecord(json) ? json : { result: json };
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  }
}
