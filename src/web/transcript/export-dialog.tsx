import { CopyButton } from '../components/copy-button.tsx';
import { Dialog } from '../components/dialog.tsx';
import { downloadText } from '../components/download-text.ts';
import { DownloadIcon } from '../components/icons.tsx';
import type { Conversation } from '../conversation.ts';
import { answerMessages } from '../messages/answers.ts';
import { messages } from '../messages/current.ts';
import { panelMessages } from '../messages/panels.ts';
import type { PageSettings } from '../settings/page-settings.ts';
import { formatJson, formatMarkdown } from './export-conversation.ts';

interface ExportDialogProps {
  readonly conversation: Conversation;
  readonly settings: PageSettings;
  onClose(): void;
}

/** Copies or downloads the whole conversation, also what is not in the document. */
export function ExportDialog({ conversation, settings, onClose }: ExportDialogProps) {
  const words = panelMessages.value.exporting;
  const getTurns = () => conversation.transcript.peek().turns;
  const getTexts = () => ({ ...messages.peek(), ...answerMessages.peek() });
  const getMarkdown = () => formatMarkdown(getTurns(), getTexts(), settings.displayName.peek());
  return (
    <Dialog title={words.title} onClose={onClose}>
      <p class="export-note">{words.note}</p>
      <div class="export-actions">
        <CopyButton label={words.copy} getText={getMarkdown} isWide />
        <button
          type="button"
          class="pill"
          onClick={() => downloadText('conversation.md', 'text/markdown', getMarkdown())}
        >
          <DownloadIcon />
          {words.markdown}
        </button>
        <button
          type="button"
          class="pill"
          onClick={() => downloadText('conversation.json', 'application/json', formatJson(getTurns()))}
        >
          <DownloadIcon />
          {words.json}
        </button>
      </div>
    </Dialog>
  );
}
