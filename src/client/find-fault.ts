import type { Refusal } from './send-result.ts';

const NOT_AN_ITEM: Refusal = {
  error: 'This is no item that can be sent',
  hint: 'send a text, {"mime_type","data"}, {"interrupt":{}} or a LiveRequest that JSON can express',
  code: 'malformed_item',
};
const EMPTY: Refusal = {
  error: 'The text is empty',
  hint: 'send text that is not only white space',
  code: 'empty_body',
};

/** Finds what keeps an item from being sent at all: such an item would take the others in its POST with it. */
export function findFault(item: unknown): { readonly item: object } | { readonly refusal: Refusal } {
  try {
    if (typeof item !== 'object' || item === null || JSON.stringify(item) === undefined)
      return { refusal: NOT_AN_ITEM };
  } catch {
    return { refusal: NOT_AN_ITEM };
  }
  const { mime_type, data }: { mime_type?: unknown; data?: unknown } = item;
  const isEmpty = mime_type === 'text/plain' && typeof data === 'string' && data.trim() === '';
  return isEmpty ? { refusal: EMPTY } : { item };
}
