import { bytesToPcm16 } from '../audio/pcm.ts';
import { invalid } from './gemini-refusal.ts';
import { readMessage, readString } from './json-object.ts';

/** Mono PCM16 as it was sent. */
export interface HeardPcm {
  readonly rate: number;
  readonly samples: Int16Array;
}

/** What the agent keeps of an image. */
export interface ReceivedImage {
  readonly mimeType: string;
  readonly bytes: number;
}

const BLOB_FIELDS = new Set(['data', 'mimeType', 'displayName']);
/** Gemini's documented default. */
const DEFAULT_RATE = 16_000;
const MIN_RATE = 4_000;
const MAX_RATE = 192_000;

/** @throws {GeminiRefusal} 1007 unless it is `audio/pcm`, with or without `;rate=…` */
export function readAudioBlob(value: unknown, path: string): HeardPcm {
  const { mimeType, bytes } = readBlob(value, path);
  const [type, ...parameters] = mimeType.toLowerCase().split(';');
  if (type !== 'audio/pcm')
    throw invalid(`Unsupported mime type for audio input: '${mimeType.slice(0, 40)}'. Use audio/pcm.`);
  const rateText = parameters
    .map((parameter) => /^\s*rate=(\d+)\s*$/.exec(parameter)?.[1])
    .find((rate) => rate !== undefined);
  const rate = rateText === undefined ? DEFAULT_RATE : Number(rateText);
  if (rate < MIN_RATE || rate > MAX_RATE) throw invalid(`Unsupported sample rate: ${rateText}`);
  // Half a sample at the end is dropped: frames are not a byte stream on this protocol.
  return { rate, samples: bytesToPcm16(bytes.subarray(0, bytes.length & ~1)) };
}

/** @throws {GeminiRefusal} 1007 unless it is an image */
export function readImageBlob(value: unknown, path: string): ReceivedImage {
  const { mimeType, bytes } = readBlob(value, path);
  if (!/^image\/[a-z0-9.+-]+$/i.test(mimeType))
    throw invalid(`Unsupported mime type for video input: '${mimeType.slice(0, 40)}'.`);
  return { mimeType: mimeType.toLowerCase(), bytes: bytes.length };
}

function readBlob(value: unknown, path: string): { mimeType: string; bytes: Uint8Array } {
  const blob = readMessage(value, path, BLOB_FIELDS);
  const data = readString(blob.data, `${path}.data`) ?? '';
  // Buffer.from skips what is not base64; Google's parser does not.
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(data))
    throw invalid(`Invalid value at '${path}.data' (TYPE_BYTES), Base64 decoding failed`);
  return { mimeType: readString(blob.mimeType, `${path}.mime_type`) ?? '', bytes: Buffer.from(data, 'base64') };
}
