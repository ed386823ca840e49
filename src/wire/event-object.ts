/**
 * An event as the JSON object that polls and WebSockets carry: `{"id","event","data"}`, without what is `undefined`. Its data is JSON
 * already, and ids and names are our own: it is put together, not parsed and written again.
 */
export function encodeEventObject(id: string | undefined, event: string | undefined, json: string): string {
  const head = id === undefined ? '{' : `{"id":"${id}",`;
  return event === undefined ? `${head}"data":${json}}` : `${head}"event":"${event}","data":${json}}`;
}
