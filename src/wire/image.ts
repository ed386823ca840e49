import { base64ByteLength } from './base64.ts';
import { WireError } from './error-catalogue.ts';

/** What an image may weigh, bytes: what Vertex AI takes of one in a message ("Image understanding", limits). */
const MAX_IMAGE_BYTES = 7 * 1024 * 1024;

/** How each kind begins, in base64: as many characters as are settled by its first bytes. */
const BEGINNINGS = [
  // FF D8 FF
  ['image/jpeg', /^\/9j\//],
  // 89 "PNG" 0D 0A 1A 0A
  ['image/png', /^iVBORw0KGg/],
  // "RIFF", four bytes of size, "WEBP"
  ['image/webp', /^UklGR.{6}XRUJQ/],
] as const;

export function isImage(essence: string): boolean {
  return BEGINNINGS.some(([type]) => type === essence);
}

/**
 * Looks at an image before a provider does, which closes the whole session over one that is none.
 * @param data valid base64
 * @throws {WireError} unsupported_mime_type: its bytes are those of something else; body_too_large
 */
export function checkImage(essence: string, data: string): void {
  const [actual] = BEGINNINGS.find(([, beginning]) => beginning.test(data)) ?? [];
  if (actual !== essence) {
    const what = actual === undefined ? 'no JPEG, PNG or WebP image' : actual;
    throw new WireError(
      'unsupported_mime_type',
      `Mime type not supported: what was sent as ${essence} is ${what}`,
      'name the type that the bytes are of',
    );
  }
  const bytes = base64ByteLength(data);
  if (bytes > MAX_IMAGE_BYTES) {
    throw new WireError(
      'body_too_large',
      `The image has ${bytes} bytes; a model takes ${MAX_IMAGE_BYTES} at the most`,
      'send a smaller one: 768 pixels on its longer side are enough for a model',
    );
  }
}
