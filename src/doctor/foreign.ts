/** Characters of what a stranger says that are shown. */
const MOST = 200;
/** C0, DEL and C1: a terminal obeys them. https://www.ecma-international.org/publications-and-standards/standards/ecma-48/ */
const CONTROL = /\p{Cc}/gu;

/** What somebody else has said, fit to be printed: on one line, not too long, and without anything that a terminal would obey. */
export function foreign(said: unknown): string {
  const text =
    typeof said === 'string'
      ? said
          .slice(0, MOST * 2)
          .replace(CONTROL, ' ')
          .trim()
      : '';
  return text.length > MOST ? `${text.slice(0, MOST)}…` : text;
}

/** An address without the name and the password that may stand in it. */
export function withoutCredentials(address: string): string {
  return foreign(address).replace(/^(\s*[\w+.-]*:?\/{0,2})[^/?#]*@/, '$1');
}
