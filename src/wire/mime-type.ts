import { WireError } from './error-catalogue.ts';

export interface MimeType {
  /** `type/subtype`, lower case. */
  readonly essence: string;
  /** Sample rate in Hz, where one is named. */
  readonly rate: number | undefined;
}

/** The rate that audio has when its mime type names none: what ADK's samples send. Hz. */
export const DEFAULT_INPUT_RATE = 16_000;
const LOWEST_RATE = 8_000;
const HIGHEST_RATE = 48_000;

/** @throws {WireError} invalid_sample_rate */
export function parseMimeType(text: string): MimeType {
  const [essence = '', ...parameters] = text.split(';');
  let rate: number | undefined;
  for (const parameter of parameters) {
    const [name, value] = parameter.split('=');
    if (name?.trim().toLowerCase() !== 'rate') continue;
    // A quoted value means the same (RFC 9110 section 5.6.6).
    rate = Number(value?.trim().replace(/^"(.*)"$/, '$1') || Number.NaN);
    if (!Number.isInteger(rate) || rate < LOWEST_RATE || rate > HIGHEST_RATE) {
      throw new WireError(
        'invalid_sample_rate',
        `The sample rate "${value?.trim().slice(0, 20) ?? ''}" is not one of 8000 to 48000 Hz`,
      );
    }
  }
  return { essence: essence.trim().toLowerCase(), rate };
}
