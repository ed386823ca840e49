import type { ClientMessage } from './gemini-client-message.ts';
import type { ServerMessage } from './gemini-frames.ts';
import { invalid } from './gemini-refusal.ts';
import type { GeminiSetup } from './gemini-setup.ts';
import { camelCased } from './json-object.ts';
import { createRealtimeInputRules } from './strict-realtime-input.ts';
import { checkSetupStrictly } from './strict-setup.ts';
import { createToolResponseRules } from './strict-tool-responses.ts';

/** What a client must not do on one connection though Gemini may let it pass, beside what is refused always. */
export interface StrictRules {
  /**
   * A message after setup, before it is acted on.
   * @param frame as it came
   * @throws {GeminiRefusal} 1007
   */
  check(message: ClientMessage, frame: string): void;
  /** What was sent decides what may come. */
  sent(message: ServerMessage): void;
  /** A WebSocket pong has come. */
  acknowledge(payload: string): void;
}

/**
 * @param ping sends a WebSocket ping
 * @throws {GeminiRefusal} 1007 for the setup
 */
export function createStrictRules(
  rawSetup: unknown,
  setup: GeminiSetup,
  service: 'gemini' | 'vertex',
  ping: (payload: string) => void,
): StrictRules {
  checkSetupStrictly(rawSetup, setup);
  const realtimeInput = createRealtimeInputRules(setup.activityDetection.disabled, () => performance.now());
  const toolResponses = createToolResponseRules(service, ping);
  return {
    check(message, frame) {
      if (message.type === 'empty') throw invalid('The message is empty.');
      const input = message.type === 'realtimeInput' ? camelCased(JSON.parse(frame)).realtimeInput : undefined;
      realtimeInput.check(input === undefined ? undefined : camelCased(input), message.type === 'clientContent');
      if (message.type === 'toolResponse') toolResponses.check(message.responses);
    },
    sent({ toolCall, toolCallCancellation }) {
      if (toolCall) toolResponses.called(toolCall.functionCalls);
      if (toolCallCancellation) toolResponses.cancelled(toolCallCancellation.ids);
    },
    acknowledge: toolResponses.acknowledge,
  };
}
