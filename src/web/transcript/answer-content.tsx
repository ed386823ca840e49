import '../shared-chunk.ts';
import { ConstantView } from '../components/constant-view.tsx';
import { CopyButton } from '../components/copy-button.tsx';
import { MarkdownView } from '../markdown/markdown-view.tsx';
import { answerMessages } from '../messages/answers.ts';
import { formatAnswer } from './export-conversation.ts';
import { SourceList } from './source-list.tsx';
import { ToolCard } from './tool-card.tsx';
import { type AgentTurn, hasActions, selectHeardParts, type ToolUse } from './turn.ts';

/** Content of an answer: its formatted text, its tool calls, its sources, and what the user can do with it. */
export function AnswerContent({ turn }: { turn: AgentTurn }) {
  const { state, heard, grounding } = turn;
  const parts = selectHeardParts(turn);
  const isGrowing = state === 'open' || (state === 'done' && heard !== undefined);
  return (
    <>
      {parts.map((part, index) =>
        part.kind === 'tool' ? (
          <ConstantView key={part.id} value={part} show={showTool} />
        ) : (
          <MarkdownView
            key={`text-${index.toString()}`}
            text={part.text}
            isOpen={isGrowing && index === parts.length - 1}
          />
        ),
      )}
      {grounding && <SourceList grounding={grounding} />}
      {hasActions(turn) && (
        <div class="turn-actions">
          <CopyButton label={answerMessages.value.answer.copyAnswer} getText={() => formatAnswer(turn)} />
        </div>
      )}
    </>
  );
}

function showTool(tool: ToolUse) {
  return <ToolCard tool={tool} />;
}
