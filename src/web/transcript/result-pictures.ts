import { BASE64 } from '../base64.ts';

/** Maximum number of pictures of a result that are shown. */
const MAX_PICTURES = 4;
/** Maximum length of a picture in base64, in UTF-16 units. */
const MAX_BASE64 = 3_000_000;
/** Maximum depth at which a picture is looked for. */
const MAX_DEPTH = 6;
const TYPE = /^image\/(?:png|jpeg|webp|gif)$/;

/** Finds the pictures in the result of a tool: objects with a type and base64, as those of MCP and of Gemini. @returns URLs that hold the pictures */
export function findPictures(result: unknown): readonly string[] {
  const pictures: string[] = [];
  collect(result, MAX_DEPTH, pictures);
  return pictures;
}

function collect(value: unknown, depth: number, pictures: string[]): void {
  if (typeof value !== 'object' || value === null || depth === 0 || pictures.length === MAX_PICTURES) return;
  const url = toPicture(value);
  if (url !== undefined) {
    if (!pictures.includes(url)) pictures.push(url);
    return;
  }
  for (const inner of Object.values(value)) collect(inner, depth - 1, pictures);
}

function toPicture(value: object): string | undefined {
  const { data, ...rest } = value as Record<string, unknown>;
  const type = rest.mimeType ?? rest.mime_type ?? rest.media_type;
  if (typeof data !== 'string' || typeof type !== 'string' || !TYPE.test(type)) return undefined;
  if (data.length > MAX_BASE64 || !BASE64.test(data)) return undefined;
  return `data:${type};base64,${data.replaceAll('-', '+').replaceAll('_', '/')}`;
}
