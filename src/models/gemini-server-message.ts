import { randomUUID } from 'node:crypto';
import type { FunctionCall, UsageMetadata, VoiceActivity } from '../wire/agent-event.ts';
import type { ModelEvent } from './realtime-model.ts';

/**
 * One BidiGenerateContent server message as it is on the wire, in the fields that we read. Several may be set in one frame.
 * @see https://ai.google.dev/api/live#bidigeneratecontentservermessage
 */
export interface GeminiServerMessage {
  serverContent?: {
    modelTurn?: { parts?: GeminiPart[] };
    inputTranscription?: { text?: string; finished?: boolean };
    outputTranscription?: { text?: string; finished?: boolean };
    groundingMetadata?: Record<string, unknown>;
    interrupted?: boolean;
    generationComplete?: boolean;
    turnComplete?: boolean;
    turnCompleteReason?: string;
  };
  setupComplete?: { sessionId?: string };
  voiceActivity?: { type?: string; audioOffset?: string };
  toolCall?: { functionCalls?: Partial<FunctionCall>[] };
  toolCallCancellation?: { ids?: string[] };
  usageMetadata?: GeminiUsage;
  sessionResumptionUpdate?: { newHandle?: string; resumable?: boolean };
  goAway?: { timeLeft?: string };
}

interface GeminiPart {
  text?: string;
  thought?: boolean;
  executableCode?: Record<string, unknown>;
  codeExecutionResult?: Record<string, unknown>;
  inlineData?: { mimeType?: string; data?: string };
}

/** The Developer API counts response tokens, Vertex AI candidates. */
interface GeminiUsage extends UsageMetadata {
  responseTokenCount?: number;
  responseTokensDetails?: UsageMetadata['candidatesTokensDetails'];
}

/** Vertex AI gives calls no ids; without one of ours, calls that run at once could not be told apart. */
const OWN_CALL_ID = 'call-';

/** Whether a call got its id here: the provider does not know it, and finds the call by its name. */
export function isOwnCallId(id: string): boolean {
  return id.startsWith(OWN_CALL_ID);
}

/**
 * Hands each thing that a frame says to `emit`, in the order that `ModelEvent` names. The protocol states none within a frame. ADK's differs in
 * two things. There the answer comes before what was heard of the user: here a question comes before its answer. And there usage and grounding
 * come first: here behind what they are about, so that sources have an answer to stand under; both before the end of the turn.
 * @throws {TypeError} where a field is of another type than it should be: what comes after it in the frame is lost
 */
export function readServerMessage(message: GeminiServerMessage, emit: (event: ModelEvent) => void): void {
  if (message.setupComplete?.sessionId) emit({ type: 'session_id', id: string(message.setupComplete.sessionId) });
  if (message.voiceActivity) emit({ type: 'voice_activity', activity: readVoiceActivity(message.voiceActivity) });
  const content = message.serverContent;
  if (content) {
    const { inputTranscription: input, outputTranscription: output } = content;
    if (input && (input.text || input.finished)) {
      emit({ type: 'input_transcript', text: string(input.text ?? ''), finished: input.finished === true });
    }
    for (const part of content.modelTurn?.parts ?? []) {
      if (part.inlineData?.data) {
        const { mimeType = 'audio/pcm', data } = part.inlineData;
        emit({ type: 'audio', mimeType: string(mimeType), data: string(data) });
      } else if (part.text) {
        emit({ type: 'text', text: string(part.text), thought: part.thought === true });
      } else if (part.executableCode) {
        emit({ type: 'code', part: { executableCode: part.executableCode } });
      } else if (part.codeExecutionResult) {
        emit({ type: 'code', part: { codeExecutionResult: part.codeExecutionResult } });
      }
    }
    if (output && (output.text || output.finished)) {
      emit({ type: 'output_transcript', text: string(output.text ?? ''), finished: output.finished === true });
    }
  }
  if (message.toolCall?.functionCalls?.length) {
    const calls = message.toolCall.functionCalls.map(({ id, name = '', args = {} }) => ({
      id: string(id || `${OWN_CALL_ID}${randomUUID()}`),
      name: string(name),
      args,
    }));
    emit({ type: 'tool_call', calls });
  }
  if (message.toolCallCancellation?.ids)
    emit({ type: 'tool_cancel', ids: message.toolCallCancellation.ids.map(string) });
  if (content?.groundingMetadata) emit({ type: 'grounding', metadata: content.groundingMetadata });
  if (message.usageMetadata) emit({ type: 'usage', usage: readUsage(message.usageMetadata) });
  if (content?.interrupted) emit({ type: 'interrupted' });
  if (content?.generationComplete) emit({ type: 'generation_complete' });
  if (content?.turnComplete) {
    const reason = string(content.turnCompleteReason ?? '');
    emit(isUsual(reason) ? { type: 'turn_complete' } : { type: 'turn_complete', reason });
  }
  const update = message.sessionResumptionUpdate;
  if (update) {
    const handle = update.resumable ? string(update.newHandle ?? '') : '';
    emit({ type: 'resumption', handle: handle || undefined });
  }
  if (message.goAway) emit({ type: 'go_away', timeLeftMs: readDuration(message.goAway.timeLeft) });
}

function isUsual(reason: string): boolean {
  return reason === '' || reason === 'TURN_COMPLETE_REASON_UNSPECIFIED';
}

function readVoiceActivity({ type, audioOffset }: NonNullable<GeminiServerMessage['voiceActivity']>): VoiceActivity {
  const isKnown = type === 'ACTIVITY_START' || type === 'ACTIVITY_END';
  return {
    ...(isKnown ? { voiceActivityType: type } : {}),
    ...(audioOffset === undefined ? {} : { audioOffset: string(audioOffset) }),
  };
}

/** The types above say what a provider should send; this, what it did. */
function string(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`expected a string, got ${typeof value}`);
  return value;
}

function readUsage({ responseTokenCount, responseTokensDetails, ...usage }: GeminiUsage): UsageMetadata {
  return {
    ...usage,
    ...(responseTokenCount === undefined ? {} : { candidatesTokenCount: responseTokenCount }),
    ...(responseTokensDetails === undefined ? {} : { candidatesTokensDetails: responseTokensDetails }),
  };
}

/** A protobuf duration, `9.5s`, in ms; 0 if it is none: better to leave early than to be cut off. */
function readDuration(text: string | undefined): number {
  const seconds = Number.parseFloat(text ?? '');
  return Number.isFinite(seconds) ? seconds * 1000 : 0;
}
