/** One block of an event stream; https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation */
export interface SseBlock {
  /** Becomes the reader's Last-Event-ID. A block with only an id sets it and dispatches nothing. */
  id?: string;
  /** Event type; `message` if absent. */
  event?: string;
  /** Each line becomes a `data:` line of its own. */
  data?: string;
  /** Reconnection time in ms. */
  retry?: number;
}

/** Encodes one block. @throws {TypeError} on a line break or NUL in `id` or `event`: it would forge another field. */
export function encodeSse(block: SseBlock): string {
  let text = '';
  if (block.retry !== undefined) text += `retry: ${Math.round(block.retry)}\n`;
  if (block.id !== undefined) text += `id: ${singleLine('id', block.id)}\n`;
  if (block.event !== undefined) text += `event: ${singleLine('event', block.event)}\n`;
  if (block.data !== undefined) text += `data: ${block.data.replace(/\r\n|\r|\n/g, '\ndata: ')}\n`;
  return `${text}\n`;
}

/**
 * The same for an event of the log, on the hot path: JSON holds no line breaks, and ids and names are our own, so that nothing needs to be
 * looked through for them.
 */
export function encodeJsonEvent(id: string, event: string | undefined, json: string): string {
  return event === undefined ? `id: ${id}\ndata: ${json}\n\n` : `id: ${id}\nevent: ${event}\ndata: ${json}\n\n`;
}

function singleLine(field: string, value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a NUL makes the reader drop the id (WHATWG, "id" field)
  if (/[\r\n\u0000]/.test(value)) throw new TypeError(`an SSE ${field} must not contain a line break or NUL`);
  return value;
}
