import type { PlannedCall } from '../call-planner.ts';
import type { UsageMetadata } from './token-usage.ts';

/** A message of the server. Each has exactly one field, except that usage is sent with the end of a turn. */
export interface ServerMessage {
  setupComplete?: { sessionId?: string };
  serverContent?: ServerContent;
  toolCall?: { functionCalls: readonly { name: string; args: PlannedCall['args']; id: string }[] };
  toolCallCancellation?: { ids: readonly string[] };
  sessionResumptionUpdate?:
    | { newHandle: string; resumable: true; lastConsumedClientMessageIndex?: string }
    | { resumable: false };
  goAway?: { timeLeft: string };
  /** Extended thinking tells with it whether an exchange goes on. It is seen here and in `serverContent`. */
  interactionStatus?: InteractionStatus;
  voiceActivity?: { type: 'ACTIVITY_START' | 'ACTIVITY_END'; audioOffset: string };
  usageMetadata?: UsageMetadata;
}

export type InteractionStatus = 'IN_PROGRESS' | 'IDLE';

interface ServerContent {
  modelTurn?: {
    role: 'model';
    parts: readonly [{ text: string } | { inlineData: { mimeType: string; data: string } }];
  };
  inputTranscription?: { text: string };
  interimInputTranscription?: { text: string };
  outputTranscription?: { text: string };
  interrupted?: true;
  generationComplete?: true;
  turnComplete?: true;
  interactionStatus?: InteractionStatus;
}

/**
 * Encodes a message as Gemini does: JSON over several lines, in a binary frame. Calls on Vertex AI come without ids: the name matches a result with
 * its call.
 */
export function encodeFrame(message: ServerMessage, service: 'gemini' | 'vertex' = 'gemini'): Buffer {
  const calls = service === 'vertex' ? message.toolCall?.functionCalls : undefined;
  const sent = calls ? { toolCall: { functionCalls: calls.map(({ name, args }) => ({ name, args })) } } : message;
  return Buffer.from(`${JSON.stringify(sent, null, 2)}\n`);
}
