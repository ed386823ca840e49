/** One or two sentences from the server's error and hint, which are written without capitals and stops. */
export function sayError(error: string, hint?: string): string {
  return hint ? `${sentence(error)} ${sentence(hint)}` : sentence(error);
}

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]\)?$/.test(first) ? first : `${first}.`;
}
