import { Dialog } from '../components/dialog.tsx';
import { panelMessages } from '../messages/panels.ts';

export interface EndCallDialogProps {
  /** Called when the user ends the call. */
  onEnd(): void;
  /** Called when the dialog was closed in any way. */
  onClose(): void;
}

/** Asks whether to end the call, before another conversation is opened. */
export function EndCallDialog({ onEnd, onClose }: EndCallDialogProps) {
  const words = panelMessages.value.conversations;
  return (
    <Dialog title={words.endCallTitle} onClose={onClose}>
      <p class="dialog-text">{words.endCall}</p>
      <form method="dialog" class="dialog-choice">
        <button type="submit" class="pill">
          {words.stayInCall}
        </button>
        <button type="submit" class="pill primary" onClick={onEnd}>
          {words.endCallConfirm}
        </button>
      </form>
    </Dialog>
  );
}
