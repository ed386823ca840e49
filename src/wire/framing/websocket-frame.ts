/** First byte of a frame that holds a whole text message. */
const FINAL_TEXT = '\x81';
/** Second bytes that announce a length of two bytes, and of eight. */
const LENGTH_OF_2 = '\x7e';
const LENGTH_OF_8 = '\x7f';
const MAX_LENGTH_OF_1 = 125;
const MAX_LENGTH_OF_2 = 0xffff;

/**
 * Encodes the header of a text frame of a server, which is not masked. Each character of the result is one byte (latin1), so that a header and an
 * ASCII text are one string.
 * @param bytes length of the text, in bytes
 * @see RFC 6455, section 5.2
 */
export function encodeTextFrameHeader(bytes: number): string {
  if (bytes <= MAX_LENGTH_OF_1) return FINAL_TEXT + String.fromCharCode(bytes);
  if (bytes <= MAX_LENGTH_OF_2) return FINAL_TEXT + LENGTH_OF_2 + encodeNumber(bytes, 2);
  return FINAL_TEXT + LENGTH_OF_8 + encodeNumber(bytes, 8);
}

/** Encodes a number in big-endian bytes. */
function encodeNumber(value: number, bytes: number): string {
  let text = '';
  for (let rest = value; text.length < bytes; rest = Math.floor(rest / 256))
    text = String.fromCharCode(rest % 256) + text;
  return text;
}
