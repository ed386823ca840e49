/** Time for which a file that is being downloaded is kept, in ms. */
const KEPT_MS = 60_000;

/** Offers a text as a file. Call it in a click handler. @param type media type, without the character set */
export function downloadText(fileName: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}
