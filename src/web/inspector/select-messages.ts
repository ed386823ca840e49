import type { LoggedMessage, MessageKind } from './traffic-log.ts';

/** Formats messages as JSON lines: one object a line. @param openedAt time at which the page was opened, in ms since 1970 */
export function toJsonLines(messages: readonly LoggedMessage[], openedAt: number): string {
  return messages
    .map(({ number, atMs, direction, over, name, id, author, bytes, json }) => {
      const fields = {
        number,
        at: new Date(openedAt + atMs).toISOString(),
        ms: atMs,
        direction,
        over,
        name,
        id,
        author,
        bytes,
      };
      // The data is JSON already.
      return `${JSON.stringify(fields).slice(0, -1)},"data":${json}}\n`;
    })
    .join('');
}

/** Selects the messages whose kind is shown and that contain the text, in upper or lower case. */
export function filterMessages(
  messages: readonly LoggedMessage[],
  kinds: ReadonlySet<MessageKind>,
  text: string,
): readonly LoggedMessage[] {
  const wanted = text.trim().toLowerCase();
  return messages.filter(({ kind, name, json }) => {
    if (!kinds.has(kind)) return false;
    return wanted === '' || name.includes(wanted) || json.toLowerCase().includes(wanted);
  });
}
