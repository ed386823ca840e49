/** Block of an event stream. @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation */
export interface SseBlock {
  /** Last-Event-ID of the reader from here on. A block with an id alone sets it and dispatches no event. */
  id?: string;
  /** Event type. Default: `message`. */
  event?: string;
  /** Data. Each line becomes a `data:` line of its own. */
  data?: string;
  /** Wait before the reader reconnects, in ms. */
  retry?: number;
}

/** Encodes one block. @throws {TypeError} `id` or `event` contains a line break or NUL, which would forge another field */
export function encodeSse(block: SseBlock): string {
  let text = '';
  if (block.retry !== undefined) text += `retry: ${Math.round(block.retry)}\n`;
  if (block.id !== undefined) text += `id: ${checkSingleLine('id', block.id)}\n`;
  if (block.event !== undefined) text += `event: ${checkSingleLine('event', block.event)}\n`;
  if (block.data !== undefined) text += `data: ${block.data.replace(/\r\n|\r|\n/g, '\ndata: ')}\n`;
  return `${text}\n`;
}

/**
 * Encodes an event with JSON data, without the checks of `encodeSse`: this is the hot path. JSON contains no line breaks, and ids and names are
 * made by the server.
 */
export function encodeJsonEvent(id: string, event: string | undefined, json: string): string {
  return event === undefined ? `id: ${id}\ndata: ${json}\n\n` : `id: ${id}\nevent: ${event}\ndata: ${json}\n\n`;
}

function checkSingleLine(field: string, value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a reader ignores an id with a NUL (WHATWG, "id" field)
  if (/[\r\n\u0000]/.test(value)) throw new TypeError(`an SSE ${field} must not contain a line break or NUL`);
  return value;
}
