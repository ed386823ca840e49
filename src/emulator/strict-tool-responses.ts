import type { FunctionResponse } from './gemini-client-message.ts';
import { invalid } from './gemini-refusal.ts';

/** Which tool responses may come. */
export interface ToolResponseRules {
  called(calls: readonly { readonly id: string; readonly name: string }[]): void;
  cancelled(ids: readonly string[]): void;
  /** The client has what was sent before the ping with this payload. */
  acknowledge(payload: string): void;
  /** @throws {GeminiRefusal} 1007 */
  check(responses: readonly FunctionResponse[]): void;
}

/** Calls remembered; a response to an older one counts as one to none. */
const MAX_CALLS = 4_096;

interface Call {
  readonly name: string;
  state: 'open' | 'answered' | 'cancelled';
  /** The ping that tells that the client knows of the cancellation. A response may cross with it on its way. */
  cancellation?: number;
}

/**
 * @param service Vertex takes a response without an id, for an open call of that name
 * @param ping sends a WebSocket ping, behind everything that was sent before
 */
export function createToolResponseRules(
  service: 'gemini' | 'vertex',
  ping: (payload: string) => void,
): ToolResponseRules {
  const calls = new Map<string, Call>();
  let pings = 0;

  function find({ id, name }: FunctionResponse): Call {
    if (id === '' && service === 'vertex') {
      const call = [...calls.values()].find((each) => each.name === name && each.state !== 'answered');
      if (call) return call;
      throw invalid(`toolResponse: no call of ${name} is open.`);
    }
    if (id === '') throw invalid(`toolResponse: the response of ${name} has no id.`);
    const call = calls.get(id);
    if (!call) throw invalid(`toolResponse: there was no call with the id ${id}.`);
    return call;
  }

  return {
    called(started) {
      for (const { id, name } of started) calls.set(id, { name, state: 'open' });
      for (const id of calls.keys()) {
        if (calls.size <= MAX_CALLS) break;
        calls.delete(id);
      }
    },
    cancelled(ids) {
      pings++;
      for (const call of ids.map((id) => calls.get(id))) if (call) call.cancellation = pings;
      ping(String(pings));
    },
    acknowledge(payload) {
      for (const call of calls.values())
        if (call.state === 'open' && call.cancellation !== undefined && call.cancellation <= Number(payload))
          call.state = 'cancelled';
    },
    check(responses) {
      for (const response of responses) {
        if (response.name === '') throw invalid('toolResponse: a response has no name.');
        const call = find(response);
        const id = response.id || call.name;
        if (call.state === 'answered') throw invalid(`toolResponse: the call ${id} was answered before.`);
        if (call.state === 'cancelled') throw invalid(`toolResponse: the call ${id} was cancelled.`);
        if (response.name !== call.name)
          throw invalid(`toolResponse: the call ${id} was of ${call.name}, not of ${response.name}.`);
        if (!response.willContinue) call.state = 'answered';
      }
    },
  };
}
