import { WireError } from './wire-error.ts';

export interface MimeType {
  /** `type/subtype`, lower case. */
  readonly essence: string;
  /** Sample rate in Hz; `undefined` if the mime type names none. */
  readonly rate: number | undefined;
}

/** Sample rate of audio whose mime type names none, in Hz: the rate of ADK's samples. */
export const DEFAULT_INPUT_RATE = 16_000;
const LOWEST_RATE = 8_000;
const HIGHEST_RATE = 48_000;

/** Maximum length of a mime type, in characters. */
const MAX_LENGTH = 256;

/** Maximum number of mime types whose parts are remembered: a client sends the same ones with each piece of audio. */
const MAX_KNOWN = 16;
const known = new Map<string, MimeType>();

/**
 * Parses a mime type and its sample rate.
 * @throws {WireError} unsupported_mime_type: the mime type is longer than 256 characters; invalid_sample_rate: the rate is not a whole number
 * from 8000 to 48000
 */
export function parseMimeType(text: string): MimeType {
  const found = known.get(text);
  if (found) return found;
  const parts = parseParts(text);
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(text, parts);
  return parts;
}

function parseParts(text: string): MimeType {
  checkMimeTypeLength(text);
  const [essence = '', ...parameters] = text.split(';');
  let rate: number | undefined;
  for (const parameter of parameters) {
    const [name, value] = parameter.split('=');
    if (name?.trim().toLowerCase() !== 'rate') continue;
    // A quoted value means the same (RFC 9110, section 5.6.6).
    rate = Number(value?.trim().replace(/^"(.*)"$/, '$1') || Number.NaN);
    if (!Number.isInteger(rate) || rate < LOWEST_RATE || rate > HIGHEST_RATE) {
      throw new WireError(
        'invalid_sample_rate',
        `The sample rate "${value?.trim().slice(0, 20) ?? ''}" is not a whole number from 8000 to 48000 Hz`,
      );
    }
  }
  return { essence: essence.trim().toLowerCase(), rate };
}

/** Rate of the latest call, and its result: one string for all pieces of audio. */
let latestRate = 0;
let latestPcmType = '';

/** Formats the mime type of 16-bit PCM. @param rate in Hz */
export function formatPcmType(rate: number): string {
  if (rate !== latestRate) {
    latestRate = rate;
    latestPcmType = `audio/pcm;rate=${rate}`;
  }
  return latestPcmType;
}

/** Refuses a mime type that is too long, before any work is done on it. @throws {WireError} unsupported_mime_type */
export function checkMimeTypeLength(text: string): void {
  if (text.length > MAX_LENGTH) throw createMimeTypeError(text);
}

/** Creates the error for a mime type that is not supported. */
export function createMimeTypeError(text: string): WireError {
  return new WireError('unsupported_mime_type', `Mime type not supported: ${text.slice(0, 100)}`);
}
