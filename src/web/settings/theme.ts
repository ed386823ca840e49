/** Colours of the page: those of the system, or one set. */
export type Theme = 'system' | 'light' | 'dark';

export const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

/** Background of the page, which browsers also use around it. The same as `--paper` in theme.css. */
const PAPER = { light: '#f7f6f3', dark: '#131516' };

/** Query that matches if the system is dark. */
export const DARK_SYSTEM = '(prefers-color-scheme: dark)';

/** Shows the page in the colours of a theme. */
export function applyTheme(theme: Theme): void {
  const isDark = theme === 'dark' || (theme === 'system' && matchMedia(DARK_SYSTEM).matches);
  const shown = isDark ? 'dark' : 'light';
  document.documentElement.dataset.theme = shown;
  document.querySelector('meta[name="theme-color"]')?.setAttribute('content', PAPER[shown]);
}
