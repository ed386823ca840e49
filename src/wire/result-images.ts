import type { FunctionResponse, InlineData } from './agent-event.ts';
import { base64ByteLength, isBase64 } from './base64.ts';
import { checkImage, isImage } from './image.ts';
import { isRecord } from './record.ts';
import { ToolOutput } from './tool-output.ts';

/** Maximum number of pictures in the result of a tool. */
export const MAX_RESULT_IMAGES = 4;
/**
 * Maximum size of all pictures in the result of a tool together, in bytes. Each is held in the log of the live session, whose default limit is 4 MiB. A
 * model needs no more than 768 pixels on the longer side, a tenth of this as JPEG.
 */
export const MAX_RESULT_IMAGE_BYTES = 1024 * 1024;
const NOT_BASE64 =
  'The data of a picture is not base64: leave out line breaks and the beginning of a data: URL, and send no empty picture';
const ADVICE = 'scale the pictures to 768 pixels on the longer side';

/** A picture in the result of a tool. */
export interface ResultImage {
  /** `image/jpeg`, `image/png` or `image/webp`. The data must be of this type. */
  readonly mimeType: string;
  /** Bytes of the file, or base64 of them. */
  readonly data: Uint8Array | string;
}

export interface ToolResultOptions {
  /** JSON that the model receives: an object unchanged, any other value as `{result}`. Default: none. */
  readonly response?: unknown;
  /** At most 4 pictures, of 1 MiB together. */
  readonly images: readonly ResultImage[];
}

/**
 * Creates the result of a tool with pictures.
 * @param encodeBytes encodes base64; the server and the clients have different functions for it
 * @throws {TypeError} as `readResultImages`
 */
export function createToolOutput(
  { response = {}, images }: ToolResultOptions,
  encodeBytes: (bytes: Uint8Array) => string,
): ToolOutput {
  if (!Array.isArray(images)) throw new TypeError('toolResult: images must be a list');
  const encoded = images.map((image: unknown) => {
    const { data } = isRecord(image) ? image : {};
    return data instanceof Uint8Array ? { ...Object(image), data: encodeBytes(data) } : image;
  });
  return new ToolOutput(response, readResultImages(encoded));
}

/**
 * Reads the pictures of a result.
 * @param given list of `{mimeType, data}` or `{mime_type, data}`; `data` is base64
 * @throws {TypeError} if a picture is not a JPEG, PNG or WebP, is not base64, or a limit is exceeded
 */
export function readResultImages(given: readonly unknown[]): InlineData[] {
  if (!Array.isArray(given)) throw new TypeError('images must be a list');
  if (given.length > MAX_RESULT_IMAGES) {
    throw new TypeError(`The result of a tool has at most ${MAX_RESULT_IMAGES} pictures, not ${given.length}`);
  }
  const images = given.map(readResultImage);
  const bytes = images.reduce((sum, { data }) => sum + base64ByteLength(data), 0);
  if (bytes <= MAX_RESULT_IMAGE_BYTES) return images;
  throw new TypeError(
    `The pictures of a result have at most ${MAX_RESULT_IMAGE_BYTES} bytes together, not ${bytes}: ${ADVICE}`,
  );
}

function readResultImage(given: unknown): InlineData {
  const { mimeType: camelCase, mime_type: snakeCase, data } = isRecord(given) ? given : {};
  const mimeType = camelCase ?? snakeCase;
  if (typeof mimeType !== 'string' || typeof data !== 'string') {
    throw new TypeError('A picture of a result must be {mimeType, data}');
  }
  if (!isImage(mimeType)) {
    throw new TypeError(
      `A result can have pictures of the types image/jpeg, image/png and image/webp, not ${mimeType.slice(0, 50)}`,
    );
  }
  // A text that is far too long is not decoded.
  if (base64ByteLength(data) > MAX_RESULT_IMAGE_BYTES) {
    throw new TypeError(`A picture of a result has at most ${MAX_RESULT_IMAGE_BYTES} bytes: ${ADVICE}`);
  }
  if (data === '' || !isBase64(data)) throw new TypeError(NOT_BASE64);
  try {
    checkImage(mimeType, data);
  } catch (error) {
    throw new TypeError(error instanceof Error ? error.message : 'The picture cannot be used', { cause: error });
  }
  return { mimeType, data };
}

/** Lists the pictures of a result. */
export function listResultImages({ parts = [] }: Pick<FunctionResponse, 'parts'>): InlineData[] {
  return parts.map(({ inlineData }) => inlineData);
}

/** Creates the field of a `FunctionResponse` that holds pictures. @returns an empty object for none */
export function toResultParts(images: readonly InlineData[] | undefined): Pick<FunctionResponse, 'parts'> {
  return images?.length ? { parts: images.map((inlineData) => ({ inlineData })) } : {};
}

/** Replaces the pictures of a result by their number. @returns the same result if it has none */
export function omitResultImages(response: FunctionResponse): FunctionResponse {
  const { parts, ...rest } = response;
  if (!parts?.length) return response;
  return { ...rest, pictures: (rest.pictures ?? 0) + parts.length };
}
