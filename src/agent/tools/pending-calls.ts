import type { AgentEvent, FunctionCall } from '../../wire/agent-event.ts';

/** Lists the long-running calls of a conversation that have a first response and no last one. An app may send their results at any time. */
export function listPendingCalls(events: readonly AgentEvent[]): FunctionCall[] {
  const longRunning = new Map<string, FunctionCall>();
  const pending = new Map<string, FunctionCall>();
  for (const { content, longRunningToolIds, toolCancellation = [], partial } of events) {
    if (partial) continue;
    for (const id of toolCancellation) pending.delete(id);
    for (const { functionCall, functionResponse } of content?.parts ?? []) {
      if (functionCall && longRunningToolIds?.includes(functionCall.id)) longRunning.set(functionCall.id, functionCall);
      const call = functionResponse && longRunning.get(functionResponse.id);
      if (!call) continue;
      if (functionResponse.willContinue) pending.set(call.id, call);
      else pending.delete(call.id);
    }
  }
  return [...pending.values()];
}

/** Finds the long-running call with this id. @returns `undefined` if there is none, or its result has come */
export function findPendingCall(events: readonly AgentEvent[], id: string): FunctionCall | undefined {
  return listPendingCalls(events).find((call) => call.id === id);
}
