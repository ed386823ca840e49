import { useEffect, useState } from 'preact/hooks';
import { answerMessages } from '../messages/answers.ts';
import { copyText } from './copy-text.ts';
import { CheckIcon, CopyIcon } from './later-icons.tsx';
import { Words } from './words.tsx';

/** Time for which a button shows that it has copied, in ms. */
const CONFIRMED_MS = 2_000;

interface CopyButtonProps {
  readonly label: string;
  readonly getText: () => string;
  /** Whether the label is visible. Default: false, it is a name for screen readers. */
  readonly isWide?: boolean;
}

/** Copies a text to the clipboard, and shows whether that succeeded. */
export function CopyButton({ label, getText, isWide = false }: CopyButtonProps) {
  const words = answerMessages.value.answer;
  const [outcome, setOutcome] = useState<'copied' | 'notCopied'>();
  useEffect(() => {
    if (!outcome) return;
    const timer = setTimeout(() => setOutcome(undefined), CONFIRMED_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = async () => setOutcome((await copyText(getText())) ? 'copied' : 'notCopied');
  const icon = outcome === 'copied' ? <CheckIcon /> : <CopyIcon />;
  if (isWide) {
    return (
      <button type="button" class="pill" data-outcome={outcome} onClick={() => void copy()}>
        {icon}
        <Words text={outcome ? words[outcome] : label} />
      </button>
    );
  }
  return (
    <button
      type="button"
      class="copy"
      data-outcome={outcome}
      aria-label={label}
      title={label}
      onClick={() => void copy()}
    >
      {icon}
      <span class="copy-outcome" role="status">
        <Words text={outcome ? words[outcome] : ''} />
      </span>
    </button>
  );
}
