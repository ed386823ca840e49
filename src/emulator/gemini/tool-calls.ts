import { randomInt } from 'node:crypto';
import type { PlannedCall } from '../call-planner.ts';
import type { ToolOutcome } from '../offline-agent.ts';
import type { FunctionResponse } from './client-message.ts';

export interface StartedCall {
  readonly id: string;
  readonly name: string;
  readonly args: PlannedCall['args'];
}

export interface ToolCallEvents {
  /** Called when all blocking calls have been answered, or the time limit has passed. */
  onOutcomes(outcomes: readonly ToolOutcome[]): void;
  /** Called when a function declared NON_BLOCKING responds. */
  onNonBlockingResponse(outcome: ToolOutcome, scheduling: FunctionResponse['scheduling']): void;
}

/** Maximum number of open NON_BLOCKING calls. At the limit the oldest is forgotten and its response ignored. */
const MAX_OPEN = 64;

/** Functions that the agent has called and whose responses are outstanding. */
export class ToolCalls {
  readonly #limitMs: number;
  readonly #events: ToolCallEvents;
  readonly #blocking = new Map<string, { readonly name: string; received?: FunctionResponse }>();
  readonly #nonBlocking = new Map<string, { readonly name: string; hasResponse: boolean }>();
  #timer: NodeJS.Timeout | undefined;

  /** @param limitMs maximum wait for blocking calls, in ms. After it the outcome of an unanswered call has no response */
  constructor(limitMs: number, events: ToolCallEvents) {
    this.#limitMs = limitMs;
    this.#events = events;
  }

  /** Whether a blocking call has not been answered yet. */
  get isBlocked(): boolean {
    return this.#blocking.size > 0;
  }

  /** Whether any call has not been answered yet. */
  get hasOpenCalls(): boolean {
    return this.#blocking.size > 0 || this.#nonBlocking.size > 0;
  }

  /** Assigns ids to the calls and starts to wait for the blocking ones. */
  start(calls: readonly PlannedCall[]): StartedCall[] {
    const started = calls.map(({ name, args, nonBlocking }) => {
      // Ids look like those in recordings of Gemini: "function-call-" and 19 digits.
      const id = `function-call-${randomInt(1e9, 1e10 - 1)}${randomInt(1e8, 1e9 - 1)}`;
      if (nonBlocking) this.#nonBlocking.set(id, { name, hasResponse: false });
      else this.#blocking.set(id, { name });
      return { id, name, args };
    });
    for (const id of this.#nonBlocking.keys()) {
      if (this.#nonBlocking.size <= MAX_OPEN) break;
      this.#nonBlocking.delete(id);
    }
    if (this.#blocking.size > 0) this.#timer = setTimeout(() => this.#finish(), this.#limitMs);
    return started;
  }

  /** Records a response. Unknown ids, such as those of cancelled calls, are ignored. */
  recordResponse(response: FunctionResponse): void {
    const openId = findCallId(this.#nonBlocking, response) ?? '';
    const open = this.#nonBlocking.get(openId);
    if (open) {
      const { name, hasResponse } = open;
      open.hasResponse = true;
      if (!response.willContinue) this.#nonBlocking.delete(openId);
      // The last response of a generator may be empty: it marks the end and carries no news.
      if (hasResponse && Object.keys(response.response).length === 0) return;
      this.#events.onNonBlockingResponse(toOutcome(name, response), response.scheduling);
      return;
    }
    const call = this.#blocking.get(findCallId(this.#blocking, response) ?? '');
    if (!call) return;
    call.received = response;
    if ([...this.#blocking.values()].every(({ received }) => received)) this.#finish();
  }

  /** Cancels the blocking calls. Returns their ids. */
  cancelBlocking(): string[] {
    clearTimeout(this.#timer);
    const ids = [...this.#blocking.keys()];
    this.#blocking.clear();
    return ids;
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #finish(): void {
    clearTimeout(this.#timer);
    const outcomes = [...this.#blocking.values()].map(({ name, received }) => toOutcome(name, received));
    this.#blocking.clear();
    this.#events.onOutcomes(outcomes);
  }
}

/** @param received `undefined`: the tool did not answer in time */
function toOutcome(name: string, received: FunctionResponse | undefined): ToolOutcome {
  if (!received) return { name, response: undefined };
  return { name, response: received.response, images: received.media.filter(({ mimeType }) => isImage(mimeType)) };
}

function isImage(mimeType: string): boolean {
  return mimeType.startsWith('image/');
}

function findCallId(
  calls: ReadonlyMap<string, { readonly name: string }>,
  { id, name }: FunctionResponse,
): string | undefined {
  if (id !== '') return calls.has(id) ? id : undefined;
  // Match by name where the response has no id: Vertex sends calls without ids.
  return [...calls].find(([, call]) => call.name === name)?.[0];
}
