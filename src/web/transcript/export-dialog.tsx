import { CopyButton } from '../components/copy-button.tsx';
import { Dialog } from '../components/dialog.tsx';
import { downloadText } from '../components/download-text.ts';
import { DownloadIcon } from '../components/icons.tsx';
import type { Conversation } from '../conversation.ts';
import { messages } from '../messages/current.ts';
import { panelMessages } from '../messages/panels.ts';
import { formatJson, formatMarkdown } from './export-conversation.ts';

/** Copies or downloads the whole conversation, also what is not in the document. */
export function ExportDialog({ conversation, onClose }: { conversation: Conversation; onClose: () => void }) {
  const words = panelMessages.value.exporting;
  const getTurns = () => conversation.transcript.peek().turns;
  const getMarkdown = () => formatMarkdown(getTurns(), messages.peek());
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
