import { messages } from '../messages/current.ts';
import { StopIcon } from './icons.tsx';

/** Stops the answer. */
export function StopButton({ onClick }: { onClick(): void }) {
  const { composer } = messages.value;
  return (
    <button
      type="button"
      class="pill interrupt"
      aria-label={composer.interrupt}
      aria-keyshortcuts="Escape"
      title={composer.interruptTitle}
      onClick={onClick}
    >
      <StopIcon />
      <span class="pill-label">{composer.stop}</span>
    </button>
  );
}
