import { CopyButton } from '../components/copy-button.tsx';
import { Dialog } from '../components/dialog.tsx';
import { DownloadIcon } from '../components/icons.tsx';
import type { Conversation } from '../conversation.ts';
import { messages } from '../messages/current.ts';
import { panelMessages } from '../messages/panels.ts';
import { formatJson, formatMarkdown } from './export-conversation.ts';

/** Time for which a file that is being downloaded is kept, in ms. */
const DOWNLOAD_MS = 60_000;

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
        <button type="button" class="pill" onClick={() => download('conversation.md', 'text/markdown', getMarkdown())}>
          <DownloadIcon />
          {words.markdown}
        </button>
        <button
          type="button"
          class="pill"
          onClick={() => download('conversation.json', 'application/json', formatJson(getTurns()))}
        >
          <DownloadIcon />
          {words.json}
        </button>
      </div>
    </Dialog>
  );
}

function download(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), DOWNLOAD_MS);
}
