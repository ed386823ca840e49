/**
 * Encodes an event as the JSON object of polls and WebSockets: `{"id","event","data"}`, without the fields that are `undefined`. The data is
 * JSON already, and ids and names need no escaping, so that the object is concatenated and not serialized.
 */
export function encodeEventObject(id: string | undefined, event: string | undefined, json: string): string {
  return `${openEventObject(id, event)}${json}}`;
}

/** Encodes the beginning of such an object, up to its data. After the data comes `}`. */
export function openEventObject(id: string | undefined, event: string | undefined): string {
  const head = id === undefined ? '{' : `{"id":"${id}",`;
  return event === undefined ? `${head}"data":` : `${head}"event":"${event}","data":`;
}
