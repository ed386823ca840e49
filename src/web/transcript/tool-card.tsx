import { useContext, useState } from 'preact/hooks';
import { ChevronIcon, ToolIcon } from '../components/later-icons.tsx';
import { Words } from '../components/words.tsx';
import { revealBidiControls } from '../markdown/bidi-controls.ts';
import { answerMessages } from '../messages/answers.ts';
import { messages } from '../messages/current.ts';
import { ConfirmToolContext } from './confirm-tool.ts';
import { formatBrief, formatPretty } from './format-value.ts';
import { ResultPicture } from './result-picture.tsx';
import { findPictures } from './result-pictures.ts';
import type { ToolUse } from './turn.ts';
import { useElapsed } from './use-elapsed.ts';

/** A tool call, and below it the question whether it may run, if it waits for the user, or the pictures of its result. */
export function ToolCard({ tool }: { tool: ToolUse }) {
  if (tool.state !== 'confirming') {
    return (
      <>
        <ToolDetails tool={tool} />
        <Pictures tool={tool} />
      </>
    );
  }
  return (
    <div class="tool-question">
      <ToolDetails tool={tool} />
      <Confirmation tool={tool} />
    </div>
  );
}

/** Asks the user whether a call may run. Both answers can be given once. */
function Confirmation({ tool: { id, name } }: { tool: ToolUse }) {
  const words = answerMessages.value.tool;
  const confirmTool = useContext(ConfirmToolContext);
  const [isAnswered, setAnswered] = useState(false);
  const answer = (ok: boolean) => {
    setAnswered(true);
    confirmTool(id, ok);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would need a form, and there is nothing to submit
    <div class="tool-confirm" role="group" aria-label={`${name}: ${words.confirm}`}>
      {/* In a call the conversation is not read by itself, but the question is. */}
      <span role="alert">
        <Words text={words.confirm} />
      </span>
      <button type="button" class="pill primary" disabled={isAnswered} onClick={() => answer(true)}>
        {words.allow}
      </button>
      <button type="button" class="pill" disabled={isAnswered} onClick={() => answer(false)}>
        {words.refuse}
      </button>
    </div>
  );
}

/** A tool call: its state and duration, and when it is unfolded its arguments and its result. */
function ToolDetails({ tool }: { tool: ToolUse }) {
  const words = answerMessages.value.tool;
  const { name, args, state, result } = tool;
  // The user is to see all of what is asked for, not the beginning of a long argument.
  const [isUnfolded, setUnfolded] = useState(state === 'confirming');
  // A call that goes on shows its latest result.
  const hasResult = result !== undefined && (state === 'done' || state === 'failed' || state === 'running');
  return (
    <details
      class="tool"
      data-testid="tool"
      data-state={state}
      open={isUnfolded}
      onToggle={(event) => setUnfolded(event.currentTarget.open)}
    >
      <summary>
        <ToolIcon />
        <span class="tool-line" dir="ltr">
          <code class="tool-name">{revealBidiControls(name)}</code>
          <span class="tool-brief">({formatBrief(args)})</span>
          {hasResult && <span class="tool-brief tool-result">→ {formatBrief(result)}</span>}
        </span>
        <ToolState tool={tool} />
        <ChevronIcon />
      </summary>
      {isUnfolded && (
        <dl>
          <dt>{words.arguments}</dt>
          <dd>
            <Value value={args} />
          </dd>
          {hasResult && (
            <>
              <dt>{state === 'failed' ? words.error : words.result}</dt>
              <dd>
                <Value value={result} />
              </dd>
            </>
          )}
        </dl>
      )}
    </details>
  );
}

function ToolState({ tool: { state, startedAt, endedAt } }: { tool: ToolUse }) {
  const words = answerMessages.value.tool;
  const elapsed = useElapsed(startedAt, endedAt, state === 'running');
  const duration = elapsed === undefined ? '' : words.duration(elapsed);
  // A call that is done shows its duration only; screen readers are told the state, too.
  return (
    <span class="tool-state">
      <span class={state === 'done' ? 'visually-hidden' : undefined}>
        <Words text={words.states[state]} />
      </span>
      {duration !== '' && <Words class="tool-time" text={duration} />}
    </span>
  );
}

function Value({ value }: { value: unknown }) {
  return (
    <pre dir="ltr" translate={false}>
      {formatPretty(value)}
    </pre>
  );
}

/** The pictures of a result, which are for the user: they are shown while the call is folded, too. */
function Pictures({ tool: { state, result, images, pictures } }: { tool: ToolUse }) {
  const urls = state === 'done' || state === 'running' ? findPictures([images, result]) : [];
  if (urls.length === 0 && pictures === undefined) return null;
  return (
    <div class="tool-pictures">
      {urls.map((url) => (
        <ResultPicture key={url} url={url} />
      ))}
      {pictures !== undefined && <p class="mark">{messages.value.transcript.pictures(pictures)}</p>}
    </div>
  );
}
