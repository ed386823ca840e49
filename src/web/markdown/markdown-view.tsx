import { useRef } from 'preact/hooks';
import { messages } from '../messages/current.ts';
import { BlockList } from './block-view.tsx';
import { type ParsedMarkdown, parseMarkdown } from './parse-markdown.ts';

/** Maximum number of UTF-16 units of a text that are shown. The page tells that there is more; copies and exports have all of it. */
export const MAX_SHOWN = 100_000;

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
      {text.length > MAX_SHOWN && <p class="mark">{messages.value.transcript.textCut}</p>}
    </div>
  );
}
