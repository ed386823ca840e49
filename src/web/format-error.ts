/** Formats the server's error and hint, which have no capitals and full stops, as sentences. */
export function formatError(error: string, hint?: string): string {
  return hint ? `${toSentence(error)} ${toSentence(hint)}` : toSentence(error);
}

function toSentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]\)?$/.test(first) ? first : `${first}.`;
}
