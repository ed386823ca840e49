const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Encodes base64 with functions that browsers and Node share. React Native has no `btoa` before version 0.74. @see RFC 4648, section 4 */
export function encodeBase64(bytes: Uint8Array): string {
  const { btoa } = globalThis as { btoa?: (binary: string) => string };
  if (!btoa) return encodeSlowly(bytes);
  let binary = '';
  // The number of arguments of a call is limited, so the bytes are converted in pieces.
  for (let at = 0; at < bytes.length; at += 8_192) binary += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return btoa(binary);
}

function encodeSlowly(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const [first = 0, second = 0, third = 0] = bytes.subarray(at, at + 3);
    const group = (first << 16) | (second << 8) | third;
    for (const shift of [18, 12, 6, 0]) text += ALPHABET[(group >> shift) & 63];
  }
  const padding = (3 - (bytes.length % 3)) % 3;
  return padding === 0 ? text : text.slice(0, -padding) + '='.repeat(padding);
}
