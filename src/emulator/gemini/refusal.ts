/** Close codes of Gemini Live: 1007 for an invalid request, 1008 for what is missing or not allowed, 1011 for its own failures. */
export type GeminiCloseCode = 1007 | 1008 | 1011;

/** Ends a connection as Gemini does: with a close code and a text. The protocol has no error messages. */
export class GeminiRefusal extends Error {
  readonly code: GeminiCloseCode;

  constructor(code: GeminiCloseCode, reason: string) {
    super(reason);
    this.name = 'GeminiRefusal';
    this.code = code;
  }
}

/** Creates the refusal of a request that Google's JSON-to-protobuf layer does not accept. */
export function invalidArgument(reason: string): GeminiRefusal {
  return new GeminiRefusal(1007, reason);
}

/**
 * Creates the refusal of a field that no message type has.
 * @param path of the message that contains the field, as Google writes it: `setup.generation_config`. Empty for the top level
 */
export function unknownField(name: string, path: string): GeminiRefusal {
  const at = path === '' ? '' : ` at '${path}'`;
  return invalidArgument(`Invalid JSON payload received. Unknown name "${name}"${at}: Cannot find field.`);
}

/**
 * Maximum size of the reason in a WebSocket close frame, in bytes of UTF-8. Longer texts of Google arrive truncated to this size.
 * @see RFC 6455, section 5.5
 */
const CLOSE_REASON_BYTES = 123;

/** Truncates a text to the size of a close reason, between two characters. */
export function truncateCloseReason(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= CLOSE_REASON_BYTES) return text;
  // Remove U+FFFD, to which half of a character decodes, because it would take three bytes again.
  return bytes
    .subarray(0, CLOSE_REASON_BYTES)
    .toString()
    .replace(/\uFFFD+$/, '');
}
