/**
 * An event as the JSON object that polls and WebSockets carry: `{"id","event","data"}`, without `event` if it is unnamed. Its data is JSON
 * already, and ids and names are our own: it is put together, not parsed and written again.
 */
export function encodeEventObject(id: string, event: string | undefined, json: string): string {
  return event === undefined ? `{"id":"${id}","data":${json}}` : `{"id":"${id}","event":"${event}","data":${json}}`;
}
