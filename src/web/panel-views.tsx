import './shared-chunk.ts';

/** Components of the panels, in a script of their own. */
export { ConversationsPanel } from './conversations/conversations-panel.tsx';
export { EndCallDialog } from './conversations/end-call-dialog.tsx';
export { Inspector } from './inspector/inspector.tsx';
export { SettingsDialog } from './settings/settings-dialog.tsx';
export { ShortcutsDialog } from './shortcuts/shortcuts-dialog.tsx';
export { ExportDialog } from './transcript/export-dialog.tsx';
