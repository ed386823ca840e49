import type { ClientMessage } from './client-message.ts';
import type { ServerMessage } from './frames.ts';
import { camelCaseKeys } from './protobuf-json.ts';
import { invalidArgument } from './refusal.ts';
import type { GeminiSetup } from './setup.ts';
import { RealtimeInputRules } from './strict-realtime-input.ts';
import { checkSetupStrictly } from './strict-setup.ts';
import { ToolResponseRules } from './strict-tool-responses.ts';

/** Refuses messages of a connection that Gemini may tolerate although its documentation forbids them. */
export class StrictRules {
  readonly #realtimeInput: RealtimeInputRules;
  readonly #toolResponses: ToolResponseRules;

  /**
   * @param ping sends a WebSocket ping
   * @throws {GeminiRefusal} 1007 for the setup
   */
  constructor(rawSetup: unknown, setup: GeminiSetup, service: 'gemini' | 'vertex', ping: (payload: string) => void) {
    checkSetupStrictly(rawSetup, setup);
    this.#realtimeInput = new RealtimeInputRules(setup.activityDetection.disabled, () => performance.now());
    this.#toolResponses = new ToolResponseRules(setup, service, ping);
  }

  /**
   * Checks a message after setup, before it is processed.
   * @param frame the message as it was received
   * @throws {GeminiRefusal} 1007
   */
  checkMessage(message: ClientMessage, frame: string): void {
    if (message.type === 'empty') throw invalidArgument('The message is empty.');
    const input = message.type === 'realtimeInput' ? camelCaseKeys(JSON.parse(frame)).realtimeInput : undefined;
    this.#realtimeInput.checkMessage(
      input === undefined ? undefined : camelCaseKeys(input),
      message.type === 'clientContent',
    );
    if (message.type === 'toolResponse') this.#toolResponses.checkResponses(message.responses);
  }

  /** Records a message of the server, on which the validity of later messages of the client depends. */
  onSent({ toolCall, toolCallCancellation }: ServerMessage): void {
    if (toolCall) this.#toolResponses.onCalls(toolCall.functionCalls);
    if (toolCallCancellation) this.#toolResponses.onCancellation(toolCallCancellation.ids);
  }

  /** Records a WebSocket pong. */
  onPong(payload: string): void {
    this.#toolResponses.onPong(payload);
  }
}
