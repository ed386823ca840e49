import { useRef } from 'preact/hooks';
import { answerMessages } from '../messages/answers.ts';
import { BlockList } from './block-view.tsx';
import { MAX_SHOWN } from './max-shown.ts';
import { type ParsedMarkdown, parseMarkdown } from './parse-markdown.ts';

/** Shows Markdown that may still be arriving. @param isOpen whether more text will arrive */
export function MarkdownView({ text, isOpen }: { text: string; isOpen: boolean }) {
  const parsed = useRef<{ isOpen: boolean; document: ParsedMarkdown } | undefined>(undefined);
  const source = text.slice(0, MAX_SHOWN);
  const previous = parsed.current?.document;
  if (previous?.source !== source || parsed.current?.isOpen !== isOpen) {
    parsed.current = { isOpen, document: parseMarkdown(source, isOpen, previous) };
  }
  return (
    <div class="words markdown" data-open={isOpen}>
      <BlockList blocks={parsed.current?.document.blocks ?? []} />
      {text.length > MAX_SHOWN && <p class="mark">{answerMessages.value.answer.textCut}</p>}
    </div>
  );
}
