import type { PanelMessages } from '../messages/en-panels.ts';

/** A key, as a user finds it on the keyboard. */
export type KeyName = 'Enter' | 'Shift' | 'Esc' | 'V' | 'M' | 'C' | 'N' | 'I' | 'Space' | '/' | ',' | '?';

/** Keys that do something. */
export interface Shortcut {
  /** Keys that are pressed together. */
  readonly keys: readonly KeyName[];
  readonly action: keyof PanelMessages['shortcuts']['actions'];
  /** Does it. Absent: the component that has the focus handles the keys. */
  run?(): void;
}
