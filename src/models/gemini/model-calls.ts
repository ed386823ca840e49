import { randomUUID } from 'node:crypto';
import type { FunctionCall, FunctionResponse } from '../../wire/agent-event.ts';
import { BoundedMap } from '../../wire/bounded-map.ts';
import { omitUndefined } from '../../wire/omit-undefined.ts';
import type { ScheduledResult } from '../realtime-model.ts';

/** Maximum number of calls that wait for their results, also of one function. The oldest is forgotten: `refuseOpen` does not take it back. */
const MAX_OPEN_CALLS = 1_000;
/** Number of ids of calls that are remembered, so that a call which the provider repeats does not run again. */
const MAX_KNOWN_IDS = 1_000;

/** Call without an id, and its result once that is known. */
interface UnnamedCall {
  readonly id: string;
  result?: Pick<FunctionResponse, 'response' | 'parts'>;
}

/** A result as Gemini takes it. */
export type GeminiResult = Pick<ScheduledResult, 'id' | 'name' | 'response' | 'parts' | 'scheduling' | 'willContinue'>;

/**
 * Function calls of one connection.
 *
 * Calls on Vertex AI come without ids. Each gets an id of ours, which the provider does not know: the provider finds the call of a result by its
 * name, so that results of one function are sent in the order of its calls.
 */
export class ModelCalls {
  /** Names of the calls that have no result, by id. */
  readonly #open = new BoundedMap<string, string>(MAX_OPEN_CALLS);
  readonly #known = new BoundedMap<string, true>(MAX_KNOWN_IDS);
  /** Calls without an id of the provider that have not been answered, by name, in the order in which the model made them. */
  readonly #unnamed = new BoundedMap<string, UnnamedCall[]>(MAX_OPEN_CALLS);
  /** Ids of calls that were taken back and answered. */
  #refused = new Set<string>();

  /**
   * Notes calls of the model.
   * @returns the calls that were not made before, each with an id
   */
  add(calls: readonly FunctionCall[]): FunctionCall[] {
    const added: FunctionCall[] = [];
    for (const { id: given, name, args } of calls) {
      if (given !== '' && this.#known.get(given)) continue;
      const id = given || randomUUID();
      this.#known.set(id, true);
      this.#open.set(id, name);
      if (given === '') this.#addUnnamed(name, id);
      added.push({ id, name, args });
    }
    return added;
  }

  /** The provider takes calls back. */
  remove(ids: readonly string[]): void {
    for (const id of ids) {
      const name = this.#open.get(id);
      this.#open.delete(id);
      const unnamed = name === undefined ? undefined : this.#unnamed.get(name);
      if (name !== undefined && unnamed)
        this.#replaceUnnamed(
          name,
          unnamed.filter((call) => call.id !== id),
        );
    }
  }

  /** @returns the results that can be sent now, in order. Results of calls that were taken back are left out */
  answer(results: readonly ScheduledResult[]): GeminiResult[] {
    // A result may cross with the `tool_cancel` of its call. Gemini has an answer to that call already.
    return results.filter(({ id }) => !this.#refused.has(id)).flatMap((result) => this.#answerOne(result));
  }

  /** Takes all open calls back. @returns their ids, and the results that tell the provider */
  refuseOpen(response: FunctionResponse['response']): { ids: string[]; results: GeminiResult[] } {
    const open = [...this.#open].map(([id, name]) => ({ id, name, response }));
    const results = this.answer(open);
    const ids = open.map(({ id }) => id);
    for (const id of ids) this.#refused.add(id);
    return { ids, results };
  }

  /** The question is answered: its calls need no result any more. */
  settle(): void {
    this.#open.clear();
    this.#unnamed.clear();
    if (this.#refused.size > 0) this.#refused = new Set();
  }

  #addUnnamed(name: string, id: string): void {
    const calls = this.#unnamed.get(name) ?? [];
    calls.push({ id });
    if (calls.length > MAX_OPEN_CALLS) calls.shift();
    this.#unnamed.set(name, calls);
  }

  #answerOne({ id, name, response, parts, scheduling, willContinue }: ScheduledResult): GeminiResult[] {
    const result = { response, ...omitUndefined({ parts, scheduling, willContinue }) };
    this.#open.delete(id);
    const unnamed = this.#unnamed.get(name);
    const call = unnamed?.find((each) => each.id === id);
    if (!unnamed || !call) return [{ id, name, ...result }];
    call.result = result;
    // A result waits for those of earlier calls of the same function.
    const waiting = unnamed.findIndex((each) => each.result === undefined);
    const due = waiting === -1 ? unnamed : unnamed.slice(0, waiting);
    this.#replaceUnnamed(name, unnamed.slice(due.length));
    return due.map((each) => ({ id: '', name, response: {}, ...each.result }));
  }

  #replaceUnnamed(name: string, calls: UnnamedCall[]): void {
    if (calls.length === 0) this.#unnamed.delete(name);
    else this.#unnamed.set(name, calls);
  }
}
