import type { FunctionResponse } from './client-message.ts';
import { invalidArgument } from './refusal.ts';
import type { GeminiSetup } from './setup.ts';

/** Maximum number of calls in memory. At the limit the oldest is forgotten, and a response to it is refused as unknown. */
const MAX_CALLS = 4_096;

interface Call {
  readonly name: string;
  state: 'open' | 'answered' | 'cancelled';
  /** Number of the ping whose pong proves that the client knows of the cancellation. Before it a response may still cross. */
  cancellation?: number;
}

/** Refuses tool responses that do not match an open call. */
export class ToolResponseRules {
  /** Names of the functions for whose responses the model does not wait. */
  readonly #nonBlocking: ReadonlySet<string>;
  /** Whether the first response to a call is the last one. */
  readonly #isFirstLast: boolean;
  readonly #service: 'gemini' | 'vertex';
  readonly #ping: (payload: string) => void;
  readonly #calls = new Map<string, Call>();
  #pings = 0;

  /**
   * @param setup says for which functions the model does not wait
   * @param service Vertex accepts a response without an id for an open call of the same name
   * @param ping sends a WebSocket ping, after everything that was sent before
   */
  constructor(
    { tools, family }: Pick<GeminiSetup, 'tools' | 'family'>,
    service: 'gemini' | 'vertex',
    ping: (payload: string) => void,
  ) {
    const declared = tools.functions.filter(({ nonBlocking }) => nonBlocking);
    this.#nonBlocking = new Set(declared.map(({ name }) => name));
    this.#isFirstLast = family.nonBlocking === 'final only';
    this.#service = service;
    this.#ping = ping;
  }

  /** Records calls that the server sends. */
  onCalls(started: readonly { readonly id: string; readonly name: string }[]): void {
    for (const { id, name } of started) this.#calls.set(id, { name, state: 'open' });
    for (const id of this.#calls.keys()) {
      if (this.#calls.size <= MAX_CALLS) break;
      this.#calls.delete(id);
    }
  }

  /** Records a cancellation that the server sends, and pings the client to learn when it arrives. */
  onCancellation(ids: readonly string[]): void {
    this.#pings++;
    for (const call of ids.map((id) => this.#calls.get(id))) if (call) call.cancellation = this.#pings;
    this.#ping(String(this.#pings));
  }

  /** Marks the calls as cancelled whose cancellation the client has received by now. */
  onPong(payload: string): void {
    for (const call of this.#calls.values())
      if (call.state === 'open' && call.cancellation !== undefined && call.cancellation <= Number(payload))
        call.state = 'cancelled';
  }

  /** @throws {GeminiRefusal} 1007 for a response that matches no open call */
  checkResponses(responses: readonly FunctionResponse[]): void {
    for (const response of responses) {
      if (response.name === '') throw invalidArgument('toolResponse: a response has no name.');
      const call = this.#findCall(response);
      const id = response.id || call.name;
      if (call.state === 'answered') throw invalidArgument(`toolResponse: the call ${id} was answered before.`);
      if (call.state === 'cancelled') throw invalidArgument(`toolResponse: the call ${id} was cancelled.`);
      if (response.name !== call.name)
        throw invalidArgument(`toolResponse: the call ${id} was of ${call.name}, not of ${response.name}.`);
      // "Only applicable to NON_BLOCKING function calls, is ignored otherwise" (FunctionResponse in @google/genai).
      const continues = response.willContinue && this.#nonBlocking.has(call.name);
      if (!continues || this.#isFirstLast) call.state = 'answered';
    }
  }

  #findCall({ id, name }: FunctionResponse): Call {
    if (id === '' && this.#service === 'vertex') {
      const call = [...this.#calls.values()].find((each) => each.name === name && each.state !== 'answered');
      if (call) return call;
      throw invalidArgument(`toolResponse: no call of ${name} is open.`);
    }
    if (id === '') throw invalidArgument(`toolResponse: the response of ${name} has no id.`);
    const call = this.#calls.get(id);
    if (!call) throw invalidArgument(`toolResponse: there was no call with the id ${id}.`);
    return call;
  }
}
