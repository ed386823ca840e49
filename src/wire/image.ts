import { base64ByteLength } from './base64.ts';
import { WireError } from './wire-error.ts';

/** Maximum size of an image in bytes: the limit of Vertex AI for one image in a message. @see Vertex AI, "Image understanding", limits */
const MAX_IMAGE_BYTES = 7 * 1024 * 1024;

/** Base64 of the first bytes of each image type, as far as these bytes determine it. */
const SIGNATURES = [
  // FF D8 FF
  ['image/jpeg', /^\/9j\//],
  // 89 "PNG" 0D 0A 1A 0A
  ['image/png', /^iVBORw0KGg/],
  // "RIFF", four bytes of size, "WEBP"
  ['image/webp', /^UklGR.{6}XRUJQ/],
] as const;

/** Whether a mime type is that of a supported image. */
export function isImage(essence: string): boolean {
  return SIGNATURES.some(([type]) => type === essence);
}

/**
 * Checks that the bytes of an image are of its type. A provider closes the whole session for an image that is not.
 * @param data valid base64
 * @throws {WireError} unsupported_mime_type, body_too_large
 */
export function checkImage(essence: string, data: string): void {
  const [actual] = SIGNATURES.find(([, signature]) => signature.test(data)) ?? [];
  if (actual !== essence) {
    const found = actual ?? 'not a JPEG, PNG or WebP image';
    throw new WireError(
      'unsupported_mime_type',
      `Mime type not supported: the data sent as ${essence} is ${found}`,
      'send the mime type of the data',
    );
  }
  const bytes = base64ByteLength(data);
  if (bytes > MAX_IMAGE_BYTES) {
    throw new WireError(
      'body_too_large',
      `The image has ${bytes} bytes; the maximum is ${MAX_IMAGE_BYTES}`,
      'send a smaller image: a model needs no more than 768 pixels on the longer side',
    );
  }
}
