import { saveFile } from './save-file.ts';

/** Offers a text as a file. Call it in a click handler. @param type media type, without the character set */
export function downloadText(fileName: string, type: string, text: string): void {
  saveFile(fileName, new Blob([text], { type: `${type};charset=utf-8` }));
}
