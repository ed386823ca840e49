/** Offers a text as a file. Call it in a click handler. */
export function downloadText(fileName: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  // The browser has read the address by the end of the task.
  setTimeout(() => URL.revokeObjectURL(url));
}
