import { isDeepStrictEqual } from 'node:util';
import type { FunctionCall, VoiceActivity } from '../../wire/agent-event.ts';
import type { ModelEvent } from '../realtime-model.ts';
import { checkNesting } from './nesting.ts';
import { isUsualTurnEnd } from './turn-end-reasons.ts';
import { readUsage } from './usage.ts';

/**
 * A BidiGenerateContent server message, in the fields that we read. Several fields may be set in one frame.
 * @see https://ai.google.dev/api/live#bidigeneratecontentservermessage
 */
export interface GeminiServerMessage {
  serverContent?: {
    modelTurn?: { parts?: GeminiPart[] };
    inputTranscription?: { text?: string; finished?: boolean };
    interimInputTranscription?: { text?: string };
    outputTranscription?: { text?: string; finished?: boolean };
    groundingMetadata?: Record<string, unknown>;
    interrupted?: boolean;
    generationComplete?: boolean;
    turnComplete?: boolean;
    turnCompleteReason?: string;
    interactionStatus?: string;
  };
  /** Seen here and in `serverContent`: `IN_PROGRESS` (also under its old name `REQUIRES_ACTION`) or `IDLE`. */
  interactionStatus?: string;
  setupComplete?: { sessionId?: string };
  voiceActivity?: { type?: string; audioOffset?: string };
  toolCall?: { functionCalls?: Partial<FunctionCall>[] };
  toolCallCancellation?: { ids?: string[] };
  usageMetadata?: Record<string, unknown>;
  sessionResumptionUpdate?: { newHandle?: string; resumable?: boolean };
  goAway?: { timeLeft?: string };
}

interface GeminiPart {
  text?: string;
  thought?: boolean;
  executableCode?: Record<string, unknown>;
  codeExecutionResult?: Record<string, unknown>;
  /** Some models make a call here in place of `toolCall`, or in both. @see mastra#22969 */
  functionCall?: Partial<FunctionCall>;
  inlineData?: { mimeType?: string; data?: string };
}

/** Maximum number of calls in one frame, in each form, and of calls that one frame takes back. A frame with more is not valid. */
const MAX_CALLS = 128;
/** Mime types of media that are passed on, with a sample rate at most. The text of any other mime type is not. */
const MEDIA_TYPE = /^(?:audio|image|video)\/[a-z0-9][a-z0-9.+-]{0,40}(?:; ?rate=[1-9]\d{3,5})?$/i;
/** Mime type of media whose own is not passed on. */
const UNKNOWN_MEDIA_TYPE = 'application/octet-stream';
/** Duration in the JSON form of protobuf, such as `2.5s`. */
const DURATION = /^\d{1,9}(?:\.\d{1,9})?s$/;

/**
 * Converts one frame to events, in the order that `ModelEvent` documents. The protocol defines no order within a frame. ADK's order differs in two
 * points. ADK puts the answer before the user's transcript; here the question comes before its answer. ADK puts usage and grounding first; here
 * they follow the content they belong to, and precede the end of the turn.
 * @throws {TypeError} if a field has the wrong type. Events for the fields before it have already been emitted.
 */
export function readServerMessage(message: GeminiServerMessage, emit: (event: ModelEvent) => void): void {
  if (message.setupComplete?.sessionId) emit({ type: 'session_id', id: string(message.setupComplete.sessionId) });
  if (message.voiceActivity) emit({ type: 'voice_activity', activity: readVoiceActivity(message.voiceActivity) });
  const content = message.serverContent;
  if (content) {
    const { inputTranscription: input, interimInputTranscription: interim, outputTranscription: output } = content;
    if (interim?.text) emit({ type: 'interim_transcript', text: string(interim.text) });
    if (input && (input.text || input.finished)) {
      emit({ type: 'input_transcript', text: string(input.text ?? ''), finished: input.finished === true });
    }
    for (const part of content.modelTurn?.parts ?? []) {
      if (part.inlineData?.data) {
        const { mimeType = 'audio/pcm', data } = part.inlineData;
        emit({ type: 'audio', mimeType: readMediaType(mimeType), data: string(data) });
      } else if (part.text) {
        emit({ type: 'text', text: string(part.text), thought: part.thought === true });
      } else if (part.executableCode) {
        emit({ type: 'code', part: { executableCode: checkNesting(part.executableCode) } });
      } else if (part.codeExecutionResult) {
        emit({ type: 'code', part: { codeExecutionResult: checkNesting(part.codeExecutionResult) } });
      }
    }
    if (output && (output.text || output.finished)) {
      emit({ type: 'output_transcript', text: string(output.text ?? ''), finished: output.finished === true });
    }
  }
  const calls = readCalls(message);
  if (calls.length > 0) emit({ type: 'tool_call', calls });
  const cancelled = message.toolCallCancellation?.ids;
  if (cancelled) emit({ type: 'tool_cancel', ids: checkCount(cancelled).map(string) });
  if (content?.groundingMetadata) emit({ type: 'grounding', metadata: checkNesting(content.groundingMetadata) });
  if (message.usageMetadata) emit({ type: 'usage', usage: readUsage(message.usageMetadata) });
  if (content?.interrupted) emit({ type: 'interrupted' });
  if (content?.generationComplete) emit({ type: 'generation_complete' });
  const isIdle = (message.interactionStatus ?? content?.interactionStatus) === 'IDLE';
  if (content?.turnComplete) {
    const reason = string(content.turnCompleteReason ?? '');
    emit({
      type: 'turn_complete',
      ...(isUsualTurnEnd(reason) ? {} : { reason }),
      ...(isIdle ? { endsExchange: true } : {}),
    });
  }
  if (isIdle) emit({ type: 'exchange_complete' });
  const update = message.sessionResumptionUpdate;
  if (update) {
    const handle = update.resumable ? string(update.newHandle ?? '') : '';
    emit({ type: 'resumption', handle: handle || undefined });
  }
  if (message.goAway) emit({ type: 'go_away', timeLeftMs: readDuration(message.goAway.timeLeft) });
}

/**
 * Reads the calls of a frame; `id` is empty if the provider gave none. A call that comes in both forms counts once.
 * @throws {TypeError} there are more than 128 in one form, each of which would be compared with all others
 */
function readCalls({ toolCall, serverContent }: GeminiServerMessage): FunctionCall[] {
  const inParts = (serverContent?.modelTurn?.parts ?? []).flatMap(({ functionCall }) => functionCall ?? []);
  const given = toolCall?.functionCalls ?? [];
  const calls = checkCount(given).map(readCall);
  for (const functionCall of checkCount(inParts)) {
    const call = readCall(functionCall);
    const isSame = (other: FunctionCall) =>
      call.id === '' || other.id === ''
        ? isDeepStrictEqual([call.name, call.args], [other.name, other.args])
        : call.id === other.id;
    if (!calls.some(isSame)) calls.push(call);
  }
  return calls;
}

function readCall({ id, name = '', args = {} }: Partial<FunctionCall>): FunctionCall {
  return { id: string(id ?? ''), name: string(name), args: checkNesting(args) };
}

function checkCount<Item>(items: readonly Item[]): readonly Item[] {
  if (items.length > MAX_CALLS) throw new TypeError(`more than ${MAX_CALLS} calls in one frame`);
  return items;
}

function readVoiceActivity({ type, audioOffset }: NonNullable<GeminiServerMessage['voiceActivity']>): VoiceActivity {
  const isKnown = type === 'ACTIVITY_START' || type === 'ACTIVITY_END';
  return {
    ...(isKnown ? { voiceActivityType: type } : {}),
    ...(audioOffset !== undefined && DURATION.test(audioOffset) ? { audioOffset } : {}),
  };
}

function readMediaType(mimeType: string): string {
  // The usual type needs no expression.
  if (mimeType === 'audio/pcm;rate=24000') return mimeType;
  return MEDIA_TYPE.test(string(mimeType)) ? mimeType : UNKNOWN_MEDIA_TYPE;
}

/** Checks a value that the types above promise: a provider may send something else. @throws {TypeError} */
function string(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`expected a string, got ${typeof value}`);
  return value;
}

/** Converts a protobuf duration, such as `9.5s`, to ms. Anything else counts as 0: it is safer to leave early than to be cut off. */
function readDuration(text: string | undefined): number {
  const seconds = Number.parseFloat(text ?? '');
  return Number.isFinite(seconds) ? seconds * 1000 : 0;
}
