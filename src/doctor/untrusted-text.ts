/** Maximum number of characters that are shown of a text from the network. The rest is replaced by `…`. */
const MAX_LENGTH = 200;
/** C0, DEL and C1 control characters, which a terminal executes. @see ECMA-48 */
const CONTROL = /\p{Cc}/gu;

/**
 * Makes a text from the network safe to print: on one line, of limited length and without control characters. Returns '' for any
 * value that is not a string.
 */
export function sanitizeText(value: unknown): string {
  const text =
    typeof value === 'string'
      ? value
          .slice(0, MAX_LENGTH * 2)
          .replace(CONTROL, ' ')
          .trim()
      : '';
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}

/** Removes the user name and the password from an address. */
export function removeCredentials(address: string): string {
  return sanitizeText(address).replace(/^(\s*[\w+.-]*:?\/{0,2})[^/?#]*@/, '$1');
}
