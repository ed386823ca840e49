/** Number of bytes converted by one call of `String.fromCharCode`. More would overflow the stack. */
const PIECE = 0x8000;

/** A text that may be base64, of the usual alphabet or of the one for URLs. */
export const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

export function encodeBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += PIECE) {
    binary += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  }
  return btoa(binary);
}

export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
