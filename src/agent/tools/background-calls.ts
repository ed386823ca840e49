import type { FunctionCall, FunctionResponse } from '../../wire/agent-event.ts';
import type { ClientToolResult, LiveRequest } from '../../wire/live-request.ts';
import { toResultParts } from '../../wire/result-images.ts';
import type { StateDelta } from '../../wire/state-delta.ts';
import type { ToolScheduling } from '../tool.ts';
import { type CallMode, limitResult } from './call-mode.ts';
import type { ToolExecution } from './tool-execution.ts';
import type { ToolAnswer } from './tool-response.ts';

/** Maximum number of long-running calls of a run that are remembered here. An older one is found in the conversation. */
const MAX_LONG_RUNNING = 100;
/** Response of a call that ended without a last result. */
const ENDED: ToolAnswer = { response: { status: 'The function has ended.' } };

/** A result for which the model does not wait. */
export interface ToolUpdate {
  /** `willContinue`: more results of the call follow. */
  readonly response: FunctionResponse;
  readonly scheduling: ToolScheduling;
  /**
   * Whether the connection is the one on which the model made the call, and the function is declared as one for whose results the model does not wait,
   * where the model has that.
   */
  readonly known: boolean;
  /** Whether the result is worth a word. The end of a generator is not. */
  readonly isNews: boolean;
  /** Changes of the state by the tool. */
  readonly stateDelta: StateDelta | undefined;
}

/** A call whose first response was given, and whose results come later. */
export interface BackgroundCall {
  readonly call: FunctionCall;
  readonly mode: CallMode;
  /** Execution of the call. `undefined`: nothing runs on this server, and an app sends the result. */
  readonly execution: ToolExecution | undefined;
  /** Receives the result of a client, for a call that an execution follows. */
  readonly answer: ((result: ClientToolResult) => void) | undefined;
}

interface OpenCall extends BackgroundCall {
  /** Whether the connection is the one on which the model made the call. */
  known: boolean;
}

/**
 * Calls of a run for whose results the model does not wait. Each has a record from its first response to its last result. After the last result, and
 * after a cancellation, nothing of a call is reported any more.
 */
export class BackgroundCalls {
  readonly #calls = new Map<string, OpenCall>();
  readonly #onUpdate: (update: ToolUpdate) => void;

  constructor(onUpdate: (update: ToolUpdate) => void) {
    this.#onUpdate = onUpdate;
  }

  has(id: string): boolean {
    return this.#calls.has(id);
  }

  get size(): number {
    return this.#calls.size;
  }

  get ids(): string[] {
    return [...this.#calls.keys()];
  }

  /** Ids of the calls that this server runs, or has a client run. */
  get runningIds(): string[] {
    return [...this.#calls.values()].flatMap(({ call, execution }) => (execution ? call.id : []));
  }

  get runningCount(): number {
    let count = 0;
    for (const { execution } of this.#calls.values()) if (execution) count += 1;
    return count;
  }

  get streamingCount(): number {
    let count = 0;
    for (const { mode } of this.#calls.values()) if (mode.kind === 'streaming') count += 1;
    return count;
  }

  /** Ids of the running calls of a function. */
  findRunning(name: string): string[] {
    return this.runningIds.filter((id) => this.#calls.get(id)?.call.name === name);
  }

  /** @param known whether the connection is the one on which the model made the call */
  add(call: BackgroundCall, known: boolean): void {
    this.#calls.set(call.call.id, { ...call, known: known && call.mode.kind !== 'waiting' });
    const pending = [...this.#calls.values()].filter(({ execution }) => !execution);
    for (const oldest of pending.slice(0, -MAX_LONG_RUNNING)) this.#calls.delete(oldest.call.id);
  }

  /** Reports a result that others follow. */
  update(id: string, answer: ToolAnswer, stateDelta: StateDelta | undefined): void {
    const record = this.#calls.get(id);
    if (record) this.#report(record, answer, { isNews: true, stateDelta }, true);
  }

  /** Reports the last result. @param answer `undefined`: the call has ended without one */
  finish(id: string, answer: ToolAnswer | undefined, stateDelta: StateDelta | undefined): void {
    const record = this.#calls.get(id);
    if (!record) return;
    this.#calls.delete(id);
    this.#report(record, answer ?? ENDED, { isNews: answer !== undefined, stateDelta }, false);
  }

  /** Receives the result of a client or an app. @returns false if no call waits for it */
  answer(result: ClientToolResult): boolean {
    const record = this.#calls.get(result.id);
    if (!record || (record.execution && !record.answer)) return false;
    if (record.execution) record.answer?.(result);
    else this.finish(result.id, limitResult(result), undefined);
    return true;
  }

  /** Gives streaming tools a copy of what the user sends. */
  addInput(request: LiveRequest): void {
    for (const { execution } of this.#calls.values()) execution?.addInput(request);
  }

  /**
   * Forgets calls, and aborts those that this server runs. A call whose result an app sends stays in the conversation. Ids of other calls are ignored.
   * @returns the calls that were there, with what their tools changed in the state
   */
  cancel(ids: readonly string[]): (BackgroundCall & { readonly stateDelta: StateDelta | undefined })[] {
    return ids.flatMap((id) => {
      const record = this.#calls.get(id);
      this.#calls.delete(id);
      return record ? [{ ...record, stateDelta: record.execution?.cancel() }] : [];
    });
  }

  /** There is a new connection, which ignores results of calls that were made on another one. */
  reconnect(): void {
    for (const record of this.#calls.values()) record.known = false;
  }

  #report(
    { call: { id, name }, mode, known }: OpenCall,
    { response: given, images }: ToolAnswer,
    update: Pick<ToolUpdate, 'isNews' | 'stateDelta'>,
    willContinue: boolean,
  ): void {
    const more = willContinue ? { willContinue } : {};
    const response: FunctionResponse = { id, name, response: given, ...toResultParts(images), ...more };
    this.#onUpdate({ response, scheduling: mode.scheduling, known, ...update });
  }
}
