import { isId } from '../wire/identifiers.ts';

const KEY = 'bidi-sse.user-id';

/** This browser's user id: the conversation is found again after a reload, and in another tab. */
export function loadUserId(storage: Pick<Storage, 'getItem' | 'setItem'> | undefined): string {
  try {
    const known = storage?.getItem(KEY);
    if (known && isId(known)) return known;
  } catch {
    // Blocked by the browser's settings: an id for as long as the page lives will do.
  }
  return renewUserId(storage);
}

/** A new id is a new conversation. */
export function renewUserId(storage: Pick<Storage, 'setItem'> | undefined): string {
  // Not crypto.randomUUID(): browsers leave it out on http:// pages that are not on localhost.
  const random = crypto.getRandomValues(new Uint8Array(12));
  const id = `web-${Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
  try {
    storage?.setItem(KEY, id);
  } catch {
    // As above.
  }
  return id;
}
