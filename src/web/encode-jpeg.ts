import { encodeBase64 } from './base64.ts';

/** Encodes a picture as JPEG. @param quality 0 to 1 @returns base64; `undefined` if the browser cannot encode the picture */
export async function encodeJpeg(canvas: HTMLCanvasElement, quality: number): Promise<string | undefined> {
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', quality));
  return blob ? encodeBase64(new Uint8Array(await blob.arrayBuffer())) : undefined;
}
