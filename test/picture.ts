/** What each kind of image begins with. */
const BEGINNINGS = {
  'image/jpeg': Buffer.from([0xff, 0xd8, 0xff, 0xe0]),
  'image/png': Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  'image/webp': Buffer.concat([Buffer.from('RIFF'), Buffer.from([1, 2, 3, 4]), Buffer.from('WEBP')]),
};
export type PictureType = keyof typeof BEGINNINGS;

/** Bytes that pass for an image of that type, `bytes` in all; there is no picture in them. */
export function pictureBytes(type: PictureType, bytes = 64): Buffer {
  return Buffer.concat([BEGINNINGS[type], Buffer.alloc(Math.max(0, bytes - BEGINNINGS[type].length))]);
}

/** The same in base64. */
export function picture(type: PictureType, bytes?: number): string {
  return pictureBytes(type, bytes).toString('base64');
}
