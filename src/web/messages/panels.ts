import { computed } from '@preact/signals';
import { translation } from './current.ts';
import { enPanels, type PanelMessages } from './en-panels.ts';

/** The texts of the panels in the current language. */
export const panelMessages = computed<PanelMessages>(() => translation.value ?? enPanels);
