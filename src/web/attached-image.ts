import { encodeJpeg } from './encode-jpeg.ts';

/** Maximum width and height of a sent picture, in pixels. The live models use no more. */
const MAX_EDGE = 768;
const QUALITY = 0.85;

export interface AttachedImage {
  readonly name: string;
  /** JPEG. */
  readonly base64: string;
  /** Picture for display. */
  readonly bitmap: ImageBitmap;
}

/** Scales a picture down and encodes it as JPEG. @throws if the browser cannot decode the file */
export async function readImage(file: File): Promise<AttachedImage> {
  const original = await createImageBitmap(file);
  const scale = Math.min(1, MAX_EDGE / Math.max(original.width, original.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(original.width * scale));
  canvas.height = Math.max(1, Math.round(original.height * scale));
  const drawing = canvas.getContext('2d');
  if (!drawing) throw new Error('no canvas');
  // Fill the background, because JPEG has no transparency and would show it black.
  drawing.fillStyle = '#fff';
  drawing.fillRect(0, 0, canvas.width, canvas.height);
  drawing.drawImage(original, 0, 0, canvas.width, canvas.height);
  original.close();
  const [bitmap, base64] = await Promise.all([createImageBitmap(canvas), encodeJpeg(canvas, QUALITY)]);
  if (base64 === undefined) throw new Error('no JPEG encoder');
  return { name: file.name, base64, bitmap };
}

/** Finds the first picture among pasted or dropped files. */
export function findImage(data: DataTransfer | null): File | undefined {
  return Array.from(data?.files ?? []).find((file) => file.type.startsWith('image/'));
}
