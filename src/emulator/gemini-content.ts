import { type HeardPcm, type ReceivedImage, readAudioBlob, readImageBlob } from './gemini-media.ts';
import { invalid } from './gemini-refusal.ts';
import { isJsonObject, readList, readMessage, readString } from './json-object.ts';

/** One message of a conversation, as the emulator keeps it. */
export interface Turn {
  readonly role: 'user' | 'model';
  readonly text: string;
  /** Seconds of speech in it. */
  readonly speechSeconds?: number;
  readonly images?: readonly ReceivedImage[];
}

/** A `Content` as it arrives: a turn, and the speech in it if there is any. */
export interface ReceivedContent extends Turn {
  readonly audio: readonly HeardPcm[];
}

const CONTENT_FIELDS = new Set(['role', 'parts']);

export function readContent(value: unknown, path: string): ReceivedContent {
  const content = readMessage(value, path, CONTENT_FIELDS);
  const role = readString(content.role, `${path}.role`) || 'user';
  if (role !== 'user' && role !== 'model') throw invalid('Please use a valid role: user, model.');
  const texts: string[] = [];
  const images: ReceivedImage[] = [];
  const audio: HeardPcm[] = [];
  readList(content.parts, `${path}.parts`).forEach((part, index) => {
    const at = `${path}.parts[${index}]`;
    if (!isJsonObject(part)) throw invalid(`Invalid value at '${at}' (type.googleapis.com/Part)`);
    const text = readString(part.text, `${at}.text`);
    if (text !== undefined && part.thought !== true) texts.push(text);
    const blob = part.inlineData ?? part.inline_data;
    if (!isJsonObject(blob)) return;
    const mimeType = String(blob.mimeType ?? blob.mime_type ?? '');
    if (mimeType.startsWith('audio/')) audio.push(readAudioBlob(blob, `${at}.inline_data`));
    else if (mimeType.startsWith('image/')) images.push(readImageBlob(blob, `${at}.inline_data`));
  });
  return { role, text: texts.join('\n'), audio, ...(images.length > 0 ? { images } : {}) };
}

/** The words of a `Content` that only words are expected in, such as a system instruction. '' if there is none. */
export function contentText(value: unknown, path: string): string {
  return value === undefined ? '' : readContent(value, path).text;
}
