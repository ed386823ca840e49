import { randomInt } from 'node:crypto';
import type { FunctionResponse } from './gemini-client-message.ts';
import type { PlannedCall, ToolOutcome } from './offline-agent.ts';

/** The functions the agent has called and whose responses it waits for. */
export interface ToolCalls {
  /** Names the calls; those that block begin to wait. */
  begin(calls: readonly PlannedCall[]): StartedCall[];
  /** Takes one response. Unknown ids, such as of calls that were cancelled, are ignored. */
  take(response: FunctionResponse): void;
  /** Gives up on the calls that block. Returns their ids. */
  cancel(): string[];
  /** A blocking call has not been answered yet. */
  readonly blocking: boolean;
  close(): void;
}

export interface StartedCall {
  readonly id: string;
  readonly name: string;
  readonly args: PlannedCall['args'];
}

export interface ToolCallEvents {
  /** All calls that block have been answered, or the limit is over. */
  onOutcomes(outcomes: readonly ToolOutcome[]): void;
  /** A function declared NON_BLOCKING has something to tell. */
  onNews(outcome: ToolOutcome, scheduling: FunctionResponse['scheduling']): void;
}

/** NON_BLOCKING calls that may be open; beyond that the oldest is forgotten and its response ignored. */
const MAX_OPEN = 64;

/** @param limitMs how long calls that block are waited for; then the outcome has no response */
export function createToolCalls(limitMs: number, { onOutcomes, onNews }: ToolCallEvents): ToolCalls {
  const waiting = new Map<string, { name: string; response?: Record<string, unknown> }>();
  const open = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;

  function finish(): void {
    clearTimeout(timer);
    const outcomes = [...waiting.values()].map(({ name, response }) => ({ name, response }));
    waiting.clear();
    onOutcomes(outcomes);
  }

  function find(
    calls: ReadonlyMap<string, string | { name: string }>,
    { id, name }: FunctionResponse,
  ): string | undefined {
    if (id !== '') return calls.has(id) ? id : undefined;
    // Vertex gives no ids: there the name must do.
    return [...calls].find(([, call]) => (typeof call === 'string' ? call : call.name) === name)?.[0];
  }

  return {
    begin(calls) {
      const started = calls.map(({ name, args, nonBlocking }) => {
        // As in recordings: "function-call-" and 19 digits.
        const id = `function-call-${randomInt(1e9, 1e10 - 1)}${randomInt(1e8, 1e9 - 1)}`;
        if (nonBlocking) open.set(id, name);
        else waiting.set(id, { name });
        return { id, name, args };
      });
      for (const id of open.keys()) {
        if (open.size <= MAX_OPEN) break;
        open.delete(id);
      }
      if (waiting.size > 0) timer = setTimeout(finish, limitMs);
      return started;
    },
    take(response) {
      const openId = find(open, response);
      if (openId !== undefined) {
        const name = open.get(openId) ?? response.name;
        if (!response.willContinue) open.delete(openId);
        // A generator's last response may be empty: it only says that no more comes.
        if (Object.keys(response.response).length > 0)
          onNews({ name, response: response.response }, response.scheduling);
        return;
      }
      const call = waiting.get(find(waiting, response) ?? '');
      if (!call) return;
      call.response = response.response;
      if ([...waiting.values()].every((each) => each.response !== undefined)) finish();
    },
    cancel() {
      clearTimeout(timer);
      const ids = [...waiting.keys()];
      waiting.clear();
      return ids;
    },
    get blocking() {
      return waiting.size > 0;
    },
    close() {
      clearTimeout(timer);
    },
  };
}
