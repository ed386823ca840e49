import { isBase64 } from '../base64.ts';
import type { Frame } from './dialect.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are ASCII, too
const ASCII = /^[\x00-\x7f]*$/;

/**
 * Encodes a message that is a piece of base64 with some JSON around it. Base64 needs no escaping; anything else that a provider sends in its place is
 * escaped. The check costs 0.3 µs for 100 ms of speech (Node 26), and tells that the message is ASCII: to examine the message as a whole costs more than
 * 1 µs, because it has to be put together first.
 * @param before JSON before the value, and after it
 */
export function encodeAudioFrame(before: string, data: string, after: string): Frame {
  if (!isBase64(data)) return { data: `${before}${JSON.stringify(data)}${after}` };
  const json = `${before}"${data}"${after}`;
  return ASCII.test(before) && ASCII.test(after)
    ? { data: json, pieces: [`${before}"`, data, `"${after}`] }
    : { data: json };
}
