import { useEffect } from 'preact/hooks';
import { Words } from '../components/words.tsx';
import { removeBidiOverrides } from '../markdown/bidi-controls.ts';
import { MAX_SHOWN } from '../markdown/max-shown.ts';
import { loadAnswerContent } from './load-answer-content.ts';
import { type AgentTurn, hasActions, selectHeardParts } from './turn.ts';

/**
 * Text of an answer without its formatting, until the script that formats it has been loaded. Paragraphs and the place of the actions have the height
 * that they will have then.
 */
export function PlainContent({ turn }: { turn: AgentTurn }) {
  // Each part is an occasion to try again after a failure: a tool call may wait for the user.
  useEffect(() => void loadAnswerContent(), [turn.parts.length]);
  return (
    <>
      {selectHeardParts(turn).map(
        (part, index) => part.kind === 'text' && <PlainText key={index.toString()} text={part.text} />,
      )}
      {hasActions(turn) && <div class="turn-actions" />}
    </>
  );
}

function PlainText({ text }: { text: string }) {
  const paragraphs = removeBidiOverrides(text.slice(0, MAX_SHOWN)).split(/\n{2,}/);
  return (
    <div class="words markdown">
      {paragraphs.map((paragraph, index) => (
        <p key={index.toString()}>
          <Words text={paragraph} />
        </p>
      ))}
    </div>
  );
}
