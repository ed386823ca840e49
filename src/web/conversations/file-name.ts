/** Maximum length of the name of a file, without its extension, in characters. */
const MAX_NAME = 60;

/** Converts a title to the name of a file on every system. */
export function toFileName(title: string): string {
  const name = title
    .replace(/[^\p{L}\p{N} ._-]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .slice(0, MAX_NAME)
    .replace(/^[\s.]+|[\s.]+$/g, '');
  return name || 'conversation';
}
