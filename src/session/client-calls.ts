import type { AgentEvent } from '../wire/agent-event.ts';
import { BoundedMap } from '../wire/bounded-map.ts';
import type { ClientToolResult } from '../wire/live-request.ts';
import { type ErrorBody, WireError } from '../wire/wire-error.ts';

/** Maximum number of calls that are remembered. The oldest is forgotten, and counts as unknown. A run has at most 32 calls at a time. */
const MAX_CALLS = 200;
/** Maximum length of an id that is remembered, in characters. The provider chooses the ids. */
const MAX_ID = 512;
/** Maximum length of an id in an error, in characters. */
const MAX_SHOWN_ID = 100;

/**
 * State of a call for the clients:
 * - `open`: a client may send the result.
 * - `server`: the server runs the call.
 * - `accepted`: the first result of a client was accepted, and is on its way to the model.
 * - `answered`: the log has the result, which may also be that of the server, or the error of the time-out.
 * - `cancelled`: the result is not needed any more.
 */
type ClientCallState = 'open' | 'server' | 'accepted' | 'answered' | 'cancelled';

const NONE: readonly never[] = [];

/** The calls in the log of a live session, and which of them clients may answer. Follows the events that clients receive. */
export class ClientCalls {
  readonly #calls = new BoundedMap<string, ClientCallState>(MAX_CALLS);

  /** Ids of the calls that have neither a result nor a cancellation in the log. */
  get unfinished(): string[] {
    return [...this.#calls].flatMap(([id, state]) => (state === 'answered' || state === 'cancelled' ? [] : [id]));
  }

  /** Follows an event that is appended to the log. */
  apply({ content, clientToolIds, toolCancellation }: AgentEvent): void {
    for (const { functionCall, functionResponse } of content?.parts ?? NONE) {
      if (functionCall) this.#add(functionCall.id, clientToolIds?.includes(functionCall.id) ? 'open' : 'server');
      if (functionResponse) this.#end(functionResponse.id, 'answered');
    }
    for (const id of toolCancellation ?? NONE) this.#end(id, 'cancelled');
  }

  /**
   * Finds a result that no call waits for.
   * @param results all results of a body
   * @returns the refusal (`tool_call_not_open`), or `undefined` if all results are wanted
   */
  findViolation(results: readonly ClientToolResult[]): ErrorBody | undefined {
    const seen = new Set<string>();
    for (const { id } of results) {
      const state = seen.has(id) ? 'accepted' : this.#calls.get(id);
      if (state !== 'open') return new WireError('tool_call_not_open', describe(id, state)).body();
      seen.add(id);
    }
    return undefined;
  }

  /** Accepts results. A result for a call that is not open has no effect. */
  accept(results: readonly ClientToolResult[]): ClientToolResult[] {
    return results.filter(({ id }) => {
      if (this.#calls.get(id) !== 'open') return false;
      this.#calls.set(id, 'accepted');
      return true;
    });
  }

  #add(id: string, state: 'open' | 'server'): void {
    if (id.length <= MAX_ID) this.#calls.set(id, state);
  }

  #end(id: string, state: 'answered' | 'cancelled'): void {
    if (this.#calls.has(id)) this.#calls.set(id, state);
  }
}

function describe(id: string, state: ClientCallState | undefined): string {
  const call = `call "${id.slice(0, MAX_SHOWN_ID)}"`;
  switch (state) {
    case 'accepted':
    case 'answered':
      return `The ${call} has its result already`;
    case 'cancelled':
      return `The ${call} was cancelled: its result is not needed any more`;
    case 'server':
      return `The ${call} runs on the server: no client can answer it`;
    default:
      return `There is no ${call} in this live session`;
  }
}
