/** Close codes Gemini Live uses: 1007 for a bad request, 1008 for what it has not or does not allow, 1011 for its own failures. */
export type GeminiCloseCode = 1007 | 1008 | 1011;

/** Ends a connection the way Gemini does: there are no error messages on this protocol, only a close code and a text. */
export class GeminiRefusal extends Error {
  readonly code: GeminiCloseCode;

  constructor(code: GeminiCloseCode, reason: string) {
    super(reason);
    this.name = 'GeminiRefusal';
    this.code = code;
  }
}

/** A request the JSON-to-protobuf layer does not accept. */
export function invalid(reason: string): GeminiRefusal {
  return new GeminiRefusal(1007, reason);
}

/** The text for a field nobody knows. `path` is empty for the top level, else as Google writes it: `setup.generation_config`. */
export function unknownField(name: string, path: string): GeminiRefusal {
  const at = path === '' ? '' : ` at '${path}'`;
  return invalid(`Invalid JSON payload received. Unknown name "${name}"${at}: Cannot find field.`);
}

/** The most a WebSocket close frame holds, in bytes of UTF-8 (RFC 6455, 5.5). Google's longer texts arrive cut there too. */
const CLOSE_REASON_BYTES = 123;

export function closeReason(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= CLOSE_REASON_BYTES) return text;
  // A character cut in half decodes to U+FFFD, which would be three bytes again.
  return bytes
    .subarray(0, CLOSE_REASON_BYTES)
    .toString()
    .replace(/\uFFFD+$/, '');
}
