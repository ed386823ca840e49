/** Characters that embed or override a direction. They could show text in another order than it is stored. */
const OVERRIDES = /[\u202a-\u202e]/g;
const CONTROLS = /[\u202a-\u202e\u2066-\u2069]/g;

/** Removes what forces a direction. Isolates stay: they end with their paragraph. */
export function removeBidiOverrides(text: string): string {
  return text.replace(OVERRIDES, '');
}

/** Replaces the controls by their names, for code and data, of which every character counts. @see https://www.trojansource.codes */
export function revealBidiControls(text: string): string {
  return text.replace(CONTROLS, (control) => `⟨U+${control.charCodeAt(0).toString(16).toUpperCase()}⟩`);
}
