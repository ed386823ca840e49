import { CopyButton } from '../components/copy-button.tsx';
import { Words } from '../components/words.tsx';
import { answerMessages } from '../messages/answers.ts';
import { revealBidiControls } from './bidi-controls.ts';

/** Number of lines that the browser lays out as one piece. While code streams, only its last piece is laid out again. */
const PIECE_LINES = 100;

export function CodeBlock({ language, text }: { language: string; text: string }) {
  const words = answerMessages.value.answer;
  return (
    <figure class="code" dir="ltr" translate={false}>
      <figcaption>
        <Words text={language || words.code} />
        <CopyButton label={words.copyCode} getText={() => text} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard */}
      <pre tabIndex={0}>
        <code>
          {splitPieces(revealBidiControls(text)).map((piece, index) => (
            <Words key={index.toString()} class="code-piece" text={piece} />
          ))}
        </code>
      </pre>
    </figure>
  );
}

function splitPieces(text: string): string[] {
  const lines = text.split('\n');
  const pieces: string[] = [];
  for (let at = 0; at < lines.length; at += PIECE_LINES) {
    const isLast = at + PIECE_LINES >= lines.length;
    pieces.push(`${lines.slice(at, at + PIECE_LINES).join('\n')}${isLast ? '' : '\n'}`);
  }
  return pieces;
}
