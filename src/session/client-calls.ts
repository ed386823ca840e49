import { listPendingCalls } from '../agent/tools/pending-calls.ts';
import type { AgentEvent, ToolConfirmation } from '../wire/agent-event.ts';
import { BoundedMap } from '../wire/bounded-map.ts';
import type { ClientToolResult, LiveRequest } from '../wire/live-request.ts';
import { MAX_CALL_ID } from '../wire/tool-result.ts';
import { type ErrorBody, WireError } from '../wire/wire-error.ts';

/** Maximum number of calls that are remembered. The oldest is forgotten, and counts as unknown. A run has at most 64 calls at a time. */
const MAX_CALLS = 200;
/** Maximum length of an id in an error, in characters. */
const MAX_SHOWN_ID = 100;

/**
 * State of a call for the clients:
 * - `confirming`: a client may confirm the call, or refuse it.
 * - `decided`: the first answer of a client to that was accepted, and is on its way to the run.
 * - `open`: a client may send the result.
 * - `server`: the server runs the call.
 * - `pending`: the call is long-running and has its first response. A client may send the result, at any time.
 * - `accepted`: the first result of a client was accepted, and is on its way to the model.
 * - `answered`: the log has the result, which may also be that of the server, or the error of the time-out.
 * - `cancelled`: the result is not needed any more.
 */
type ClientCallState = 'confirming' | 'decided' | 'open' | 'server' | 'pending' | 'accepted' | 'answered' | 'cancelled';

interface ClientCall {
  /** Whether clients run the call, once it is confirmed if it has to be. */
  readonly isClient: boolean;
  /** Whether the result comes later, from an app. */
  readonly isLongRunning: boolean;
  readonly state: ClientCallState;
}

/** States of calls that outlive the run that has made them, or need no end. */
const LASTING_STATES: ReadonlySet<ClientCallState> = new Set(['pending', 'answered', 'cancelled']);

const NONE: readonly never[] = [];

/** The conversation, which knows calls that are not, or no longer, in the log of the live session. */
export interface EarlierCalls {
  /** Resolves when the stored events are there, or are not waited for any longer. */
  readonly loaded: Promise<void>;
  readonly events: readonly AgentEvent[];
}

/** The calls in the log of a live session, and which of them clients may confirm or answer. Follows the events that clients receive. */
export class ClientCalls {
  readonly #calls = new BoundedMap<string, ClientCall>(MAX_CALLS);
  readonly #conversation: EarlierCalls | undefined;
  #isLoading: boolean;

  /** @param conversation Default: nothing happened before the live session */
  constructor(conversation?: EarlierCalls) {
    this.#conversation = conversation;
    this.#isLoading = conversation !== undefined;
    void conversation?.loaded.then(() => {
      this.#isLoading = false;
    });
  }

  /** Ids of the calls that have neither a result nor a cancellation in the log, and that end with their run. */
  get unfinished(): string[] {
    return [...this.#calls].flatMap(([id, { state, isLongRunning }]) => {
      // The next run receives a result that this one has not told.
      const isLasting = LASTING_STATES.has(state) || (isLongRunning && state === 'accepted');
      return isLasting ? [] : [id];
    });
  }

  /** Ids of the calls that wait for a confirmation. */
  get confirming(): ReadonlySet<string> {
    return new Set([...this.#calls].flatMap(([id, { state }]) => (state === 'confirming' ? [id] : [])));
  }

  /** Follows an event that is appended to the log. */
  apply(event: AgentEvent): void {
    const { content, clientToolIds, confirmToolIds, longRunningToolIds, toolConfirmation, toolCancellation } = event;
    for (const { functionCall, functionResponse } of content?.parts ?? NONE) {
      if (functionCall) {
        const { id } = functionCall;
        const isLongRunning = longRunningToolIds?.includes(id) ?? false;
        this.#add(id, clientToolIds?.includes(id) ?? false, isLongRunning, confirmToolIds?.includes(id) ?? false);
      }
      if (functionResponse?.willContinue) this.#onFirstResponse(functionResponse.id);
      else if (functionResponse) this.#setState(functionResponse.id, 'answered');
    }
    if (toolConfirmation?.ok) {
      const { isClient } = this.#calls.get(toolConfirmation.id) ?? {};
      this.#setState(toolConfirmation.id, isClient ? 'open' : 'server');
    }
    for (const id of toolCancellation ?? NONE) this.#setState(id, 'cancelled');
  }

  /**
   * Finds a confirmation or a result that no call waits for.
   * @param requests all requests of a body
   * @returns the refusal (`tool_call_not_open`), or `undefined` if all of them are wanted
   */
  findViolation(requests: readonly LiveRequest[]): ErrorBody | undefined {
    this.#restore(requests.flatMap(({ tool_results = NONE }) => tool_results));
    const seen = new Map<string, ClientCallState>();
    for (const { tool_confirmations = NONE, tool_results = NONE } of requests) {
      for (const { id } of tool_confirmations) {
        const state = seen.get(id) ?? this.#calls.get(id)?.state;
        if (state !== 'confirming') return refuse(describeConfirmation(id, state));
        seen.set(id, 'decided');
      }
      for (const { id } of tool_results) {
        const state = seen.get(id) ?? this.#calls.get(id)?.state;
        if (state !== 'open' && state !== 'pending') return refuse(describe(id, state));
        seen.set(id, 'accepted');
      }
    }
    return undefined;
  }

  /** Accepts results. A result for a call that is not open has no effect. */
  accept(results: readonly ClientToolResult[]): ClientToolResult[] {
    this.#restore(results);
    return results.filter(({ id }) => this.#move(id, 'open', 'accepted') || this.#move(id, 'pending', 'accepted'));
  }

  /** Accepts the answers of users to calls that ask for one. An answer for any other call has no effect. */
  acceptConfirmations(confirmations: readonly ToolConfirmation[]): ToolConfirmation[] {
    return confirmations.filter(({ id }) => this.#move(id, 'confirming', 'decided'));
  }

  /**
   * Adds the long-running calls that results are for, if they are not known any more, or are calls of earlier live sessions. While the conversation is
   * being loaded, any call may be one: the run ignores a result for none.
   */
  #restore(results: readonly ClientToolResult[]): void {
    const unknown = new Set(results.flatMap(({ id }) => (this.#calls.has(id) ? NONE : id)));
    if (unknown.size === 0 || !this.#conversation) return;
    const ids = this.#isLoading ? [...unknown] : listPendingCalls(this.#conversation.events).map(({ id }) => id);
    for (const id of ids) {
      if (unknown.has(id)) this.#calls.set(id, { isClient: false, isLongRunning: true, state: 'pending' });
    }
  }

  #add(id: string, isClient: boolean, isLongRunning: boolean, needsConfirmation: boolean): void {
    if (id.length > MAX_CALL_ID) return;
    const state = needsConfirmation ? 'confirming' : isClient ? 'open' : 'server';
    this.#calls.set(id, { isClient, isLongRunning, state });
  }

  /** Only the first response of a long-running call changes who may answer. */
  #onFirstResponse(id: string): void {
    const call = this.#calls.get(id);
    if (call?.isLongRunning && (call.state === 'open' || call.state === 'server')) this.#setState(id, 'pending');
  }

  #move(id: string, from: ClientCallState, to: ClientCallState): boolean {
    if (this.#calls.get(id)?.state !== from) return false;
    this.#setState(id, to);
    return true;
  }

  #setState(id: string, state: ClientCallState): void {
    const call = this.#calls.get(id);
    if (call) this.#calls.set(id, { ...call, state });
  }
}

function refuse(error: string): ErrorBody {
  return new WireError('tool_call_not_open', error).body();
}

function describeConfirmation(id: string, state: ClientCallState | undefined): string {
  if (state === undefined || state === 'cancelled') return describe(id, state);
  return `The call "${id.slice(0, MAX_SHOWN_ID)}" waits for no confirmation`;
}

function describe(id: string, state: ClientCallState | undefined): string {
  const call = `call "${id.slice(0, MAX_SHOWN_ID)}"`;
  switch (state) {
    case 'accepted':
    case 'answered':
      return `The ${call} has its result already`;
    case 'cancelled':
      return `The ${call} was cancelled: its result is not needed any more`;
    case 'confirming':
    case 'decided':
      return `The ${call} waits for the user to confirm it`;
    case 'server':
      return `The ${call} runs on the server: no client can answer it`;
    default:
      return `There is no ${call} in this live session`;
  }
}
