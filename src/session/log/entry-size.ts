import type { Part } from '../../wire/agent-event.ts';
import type { LogMessage } from '../../wire/log-entry.ts';
import { textBytes } from '../../wire/text-bytes.ts';
import { valueBytes } from '../../wire/value-size.ts';

/** Memory of a held entry beside its text and audio, in bytes. Measured on Node 26: 390 to 590 for the usual small events. */
const ENTRY_BYTES = 550;
/** Memory of a part that holds audio or a picture, beside its data, in bytes. */
const MEDIA_PART_BYTES = 350;

const NO_PARTS: readonly never[] = [];

/** Approximate memory of an entry with this message while a log holds it, in bytes. Audio is counted by its length. */
export function entrySize({ event, failure, typed }: LogMessage): number {
  let size = ENTRY_BYTES + (failure ? textBytes(failure.error) : 0) + (typed ? textBytes(typed.text) : 0);
  if (!event) return size;
  const { inputTranscription, outputTranscription, turnCompleteReason, liveSessionId, errorCode, errorMessage } = event;
  if (inputTranscription) size += textBytes(inputTranscription.text);
  if (event.interimInputTranscription) size += textBytes(event.interimInputTranscription.text);
  if (outputTranscription) size += textBytes(outputTranscription.text);
  if (turnCompleteReason) size += turnCompleteReason.length;
  if (liveSessionId) size += liveSessionId.length;
  if (errorCode) size += errorCode.length;
  if (errorMessage) size += textBytes(errorMessage);
  if (event.groundingMetadata) size += valueBytes(event.groundingMetadata);
  if (event.usageMetadata) size += valueBytes(event.usageMetadata);
  if (event.clientToolIds) size += valueBytes(event.clientToolIds);
  if (event.longRunningToolIds) size += valueBytes(event.longRunningToolIds);
  if (event.confirmToolIds) size += valueBytes(event.confirmToolIds);
  if (event.toolConfirmation) size += valueBytes(event.toolConfirmation);
  if (event.toolCancellation) size += valueBytes(event.toolCancellation);
  if (event.voiceActivity) size += valueBytes(event.voiceActivity);
  for (const part of event.content?.parts ?? NO_PARTS) size += partSize(part);
  return size;
}

function partSize(part: Part): number {
  const { text, inlineData } = part;
  if (text !== undefined) return textBytes(text);
  if (inlineData) return MEDIA_PART_BYTES + inlineData.mimeType.length + inlineData.data.length;
  return valueBytes(part);
}
