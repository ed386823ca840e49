const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Whether `text` is base64 in the standard alphabet, padded, without line breaks (RFC 4648 section 4). */
export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && BASE64.test(text);
}

/** How many bytes a base64 text stands for. */
export function base64ByteLength(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return (text.length / 4) * 3 - padding;
}
