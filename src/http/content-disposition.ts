import type { Headers } from './http-refusal.ts';

/** Maximum length of the name of a file, in characters, without its extension. */
const MAX_NAME_CHARACTERS = 60;
/** Characters that some file system does not have, or that change how a name is read. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}/\\:*?"<>|%]+/gu;
/** Names of devices of Windows. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)$/i;
/** Characters that stand for themselves in a parameter. @see RFC 5987, section 3.2.1 */
const NOT_PLAIN = /[!'()*]/g;

/**
 * Creates the header that makes a browser store an answer as a file.
 * @param name any text, of which a name is made that every system accepts
 * @param extension without the dot
 * @see RFC 6266
 */
export function formatAttachment(name: string, extension: string): Headers {
  const file = `${toFileName(name)}.${extension}`;
  const ascii = file.replace(/[^\x20-\x7e]/g, '_');
  const encoded = encodeURIComponent(file).replace(
    NOT_PLAIN,
    (character) => `%${character.charCodeAt(0).toString(16)}`,
  );
  return { 'Content-Disposition': `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}` };
}

function toFileName(text: string): string {
  const name = text
    .replace(UNSAFE, ' ')
    .replace(/\s+/g, ' ')
    .slice(0, MAX_NAME_CHARACTERS)
    .toWellFormed()
    .replace(/^[ .]+|[ .\ufffd]+$/g, '');
  return name === '' || DEVICE.test(name) ? `conversation ${name}`.trimEnd() : name;
}
