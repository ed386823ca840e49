/**
 * The text of an answer, as far as it is not too long.
 * @param most bytes: somebody may answer without an end
 * @param onPiece a piece of it has come
 * @throws {TypeError} if it is longer, or is cut off
 */
export async function readText({ body }: Response, most: number, onPiece?: () => void): Promise<string> {
  const reader = body?.getReader();
  if (!reader) return '';
  // One for the whole answer: a piece may end in the middle of a character.
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for (;;) {
    onPiece?.();
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.length;
    if (bytes > most) {
      reader.cancel().catch(() => undefined);
      throw new TypeError(`The answer is longer than ${most} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** `undefined` for what is no JSON: nothing that our server sends. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
