/** Part of a reader of a body that is used here. */
export interface BodyReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

/**
 * Returns the reader of a body.
 * @returns `undefined` if there is no body, or if this `fetch` does not let a body be read in pieces: in React Native `body` is missing, and that
 * of node-fetch is a stream of Node
 */
export function openBody({ body }: Pick<Response, 'body'>): BodyReader | undefined {
  return typeof body?.getReader === 'function' ? body.getReader() : undefined;
}

/** Whether the `fetch` of this platform lets a body be read in pieces, and its text be decoded. */
export function canReadStreams(): boolean {
  const { Response, TextDecoder } = globalThis as { Response?: { prototype: object }; TextDecoder?: unknown };
  return Response !== undefined && 'body' in Response.prototype && TextDecoder !== undefined;
}

/**
 * Reads the text of a response.
 * @param maxBytes limit of the body: a response may have no end. Where a body cannot be read in pieces, its limit in characters
 * @param onPiece called before each piece is read
 * @throws {TypeError} if the body is longer than `maxBytes`, or is cut off
 */
export async function readText(response: Response, maxBytes: number, onPiece?: () => void): Promise<string> {
  const reader = openBody(response);
  if (!reader) return readWholeText(response, maxBytes, onPiece);
  // The whole body needs one decoder: a piece may end in the middle of a character.
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for (;;) {
    onPiece?.();
    const { done, value } = await reader.read();
    if (done || !value) return text + decoder.decode();
    bytes += value.length;
    if (bytes > maxBytes) {
      reader.cancel().catch(() => undefined);
      throw createLengthError(maxBytes);
    }
    text += decoder.decode(value, { stream: true });
  }
}

async function readWholeText(response: Response, maxBytes: number, onPiece?: () => void): Promise<string> {
  onPiece?.();
  const text = await response.text();
  if (text.length > maxBytes) throw createLengthError(maxBytes);
  return text;
}

function createLengthError(maxBytes: number): TypeError {
  return new TypeError(`The response is longer than ${maxBytes} bytes`);
}

/** Parses JSON; `undefined` for any other text, which no bidi-sse server sends. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
