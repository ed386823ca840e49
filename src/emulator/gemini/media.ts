import { bytesToPcm16 } from '../../audio/pcm.ts';
import type { PcmChunk } from '../hearing.ts';
import type { ReceivedImage } from '../turn.ts';
import { readMessage, readString } from './protobuf-json.ts';
import { invalidArgument } from './refusal.ts';

const BLOB_FIELDS = new Set(['data', 'mimeType', 'displayName']);
/** Gemini's documented default sample rate, in Hz. */
const DEFAULT_RATE = 16_000;
/** Range of accepted sample rates, in Hz. A rate outside closes the connection with 1007. */
const MIN_RATE = 4_000;
const MAX_RATE = 192_000;

/**
 * Reads a blob of audio.
 * @throws {GeminiRefusal} 1007 unless the type is `audio/pcm`, with or without `;rate=…`
 */
export function readAudioBlob(value: unknown, path: string): PcmChunk {
  const { mimeType, bytes } = readBlob(value, path);
  const [type, ...parameters] = mimeType.toLowerCase().split(';');
  if (type !== 'audio/pcm')
    throw invalidArgument(`Unsupported mime type for audio input: '${mimeType.slice(0, 40)}'. Use audio/pcm.`);
  const rateText = parameters
    .map((parameter) => /^\s*rate=(\d+)\s*$/.exec(parameter)?.[1])
    .find((rate) => rate !== undefined);
  const rate = rateText === undefined ? DEFAULT_RATE : Number(rateText);
  if (rate < MIN_RATE || rate > MAX_RATE) throw invalidArgument(`Unsupported sample rate: ${rateText}`);
  // Drop half a sample at the end: the frames of this protocol are not one byte stream.
  return { rate, samples: bytesToPcm16(bytes.subarray(0, bytes.length & ~1)) };
}

/**
 * Reads a blob with an image.
 * @throws {GeminiRefusal} 1007 for any other type
 */
export function readImageBlob(value: unknown, path: string): ReceivedImage {
  const { mimeType, bytes } = readBlob(value, path);
  if (!/^image\/[a-z0-9.+-]+$/i.test(mimeType))
    throw invalidArgument(`Unsupported mime type for video input: '${mimeType.slice(0, 40)}'.`);
  return { mimeType: mimeType.toLowerCase(), bytes: bytes.length };
}

/** Media of any type, reduced to the facts that the offline agent mentions. */
export interface ReceivedMedia {
  readonly mimeType: string;
  readonly bytes: number;
}

/** Reads a blob of any type. @throws {GeminiRefusal} 1007 unless its data is base64 */
export function readMediaBlob(value: unknown, path: string): ReceivedMedia {
  const { mimeType, bytes } = readBlob(value, path);
  return { mimeType, bytes: bytes.length };
}

function readBlob(value: unknown, path: string): { mimeType: string; bytes: Uint8Array } {
  const blob = readMessage(value, path, BLOB_FIELDS);
  const data = readString(blob.data, `${path}.data`) ?? '';
  // Check the alphabet, because Buffer.from skips invalid characters and Google's parser does not.
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(data))
    throw invalidArgument(`Invalid value at '${path}.data' (TYPE_BYTES), Base64 decoding failed`);
  return { mimeType: readString(blob.mimeType, `${path}.mime_type`) ?? '', bytes: Buffer.from(data, 'base64') };
}
