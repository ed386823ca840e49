import type { PcmChunk } from '../hearing.ts';
import { isJsonObject } from '../json-object.ts';
import type { ReceivedImage, Turn } from '../turn.ts';
import { readAudioBlob, readImageBlob } from './media.ts';
import { readList, readMessage, readString } from './protobuf-json.ts';
import { invalidArgument } from './refusal.ts';

/** A `Content` from the client: a turn with the audio in it. */
export interface ReceivedContent extends Turn {
  readonly audio: readonly PcmChunk[];
}

const CONTENT_FIELDS = new Set(['role', 'parts']);

export function readContent(value: unknown, path: string): ReceivedContent {
  const content = readMessage(value, path, CONTENT_FIELDS);
  const role = readString(content.role, `${path}.role`) || 'user';
  if (role !== 'user' && role !== 'model') throw invalidArgument('Please use a valid role: user, model.');
  return { role, ...readParts(content.parts, path) };
}

function readParts(parts: unknown, path: string): Omit<ReceivedContent, 'role'> {
  const texts: string[] = [];
  const images: ReceivedImage[] = [];
  const audio: PcmChunk[] = [];
  readList(parts, `${path}.parts`).forEach((part, index) => {
    const at = `${path}.parts[${index}]`;
    if (!isJsonObject(part)) throw invalidArgument(`Invalid value at '${at}' (type.googleapis.com/Part)`);
    const text = readString(part.text, `${at}.text`);
    if (text !== undefined && part.thought !== true) texts.push(text);
    const blob = part.inlineData ?? part.inline_data;
    if (!isJsonObject(blob)) return;
    const mimeType = String(blob.mimeType ?? blob.mime_type ?? '');
    if (mimeType.startsWith('audio/')) audio.push(readAudioBlob(blob, `${at}.inline_data`));
    else if (mimeType.startsWith('image/')) images.push(readImageBlob(blob, `${at}.inline_data`));
  });
  return { text: texts.join('\n'), audio, ...(images.length > 0 ? { images } : {}) };
}

/**
 * Reads the text of a system instruction. Its role means nothing: ADK sends `system`, which Gemini accepts in this place only.
 * @returns '' for undefined
 * @see google/adk-python google_llm.py (connect), NousResearch/hermes-agent PR#45605
 */
export function readInstruction(value: unknown, path: string): string {
  if (value === undefined) return '';
  const { role, parts } = readMessage(value, path, CONTENT_FIELDS);
  readString(role, `${path}.role`);
  return readParts(parts, path).text;
}
