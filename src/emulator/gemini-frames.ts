import type { PlannedCall } from './offline-agent.ts';
import type { UsageMetadata } from './token-usage.ts';

/** What Gemini sends; several of them never share a frame here, except that usage rides on the end of a turn. */
export interface ServerMessage {
  setupComplete?: { sessionId?: string };
  serverContent?: ServerContent;
  toolCall?: { functionCalls: readonly { name: string; args: PlannedCall['args']; id: string }[] };
  toolCallCancellation?: { ids: readonly string[] };
  sessionResumptionUpdate?:
    | { newHandle: string; resumable: true; lastConsumedClientMessageIndex?: string }
    | { resumable: false };
  goAway?: { timeLeft: string };
  voiceActivity?: { type: 'ACTIVITY_START' | 'ACTIVITY_END'; audioOffset: string };
  usageMetadata?: UsageMetadata;
}

interface ServerContent {
  modelTurn?: {
    role: 'model';
    parts: readonly [{ text: string } | { inlineData: { mimeType: string; data: string } }];
  };
  inputTranscription?: { text: string };
  outputTranscription?: { text: string };
  interrupted?: true;
  generationComplete?: true;
  turnComplete?: true;
}

/** As it travels: JSON over several lines in a binary frame. */
export function encodeFrame(message: ServerMessage): Buffer {
  return Buffer.from(`${JSON.stringify(message, null, 2)}\n`);
}
