import type { Messages } from '../messages/en.ts';
import type { AnswerMessages } from '../messages/en-answers.ts';
import { type AgentTurn, selectHeardParts, type Turn } from './turn.ts';

/** Formats what the agent has said in a turn, as the Markdown in which the model wrote it. */
export function formatAnswer(turn: AgentTurn): string {
  return selectHeardParts(turn)
    .map((part) => (part.kind === 'text' ? part.text : ''))
    .filter((text) => text !== '')
    .join('\n\n');
}

/** Texts of an exported conversation. */
export type ExportTexts = Pick<Messages, 'transcript'> & Pick<AnswerMessages, 'sources'>;

/** Formats a conversation as Markdown, for people. @param userName empty: the user has given none */
export function formatMarkdown(turns: readonly Turn[], { transcript, sources }: ExportTexts, userName: string): string {
  const sections = turns.map((turn) => {
    if (turn.role === 'user')
      return `**${userName || transcript.you}:** ${turn.image ? `[${transcript.picture}] ` : ''}${turn.text}`;
    const parts = selectHeardParts(turn).map((part) =>
      part.kind === 'text'
        ? part.text
        : fence(`${part.name}(${JSON.stringify(part.args)}) → ${JSON.stringify(part.result)}`),
    );
    const links = turn.grounding?.sources.map(({ title, uri }) => `- [${title}](${uri})`) ?? [];
    const list = links.length > 0 ? [`${sources.title}:\n\n${links.join('\n')}`] : [];
    const mark = turn.state === 'interrupted' ? [`*${transcript.interrupted}*`] : [];
    return [`**${transcript.agent}:**`, ...parts, ...list, ...mark].join('\n\n');
  });
  return `${sections.join('\n\n')}\n`;
}

/** Formats a conversation as JSON, for programs. Pictures are left out. */
export function formatJson(turns: readonly Turn[]): string {
  const exported = turns.map((turn) => {
    if (turn.role === 'user') return { role: turn.role, text: turn.text, spoken: turn.spoken, state: turn.state };
    const parts = selectHeardParts(turn).map((part) => {
      if (part.kind === 'text') return { text: part.text };
      const { name, args, state, result } = part;
      return { tool: name, args, state, result };
    });
    return { role: turn.role, parts, state: turn.state, ...turn.grounding };
  });
  return `${JSON.stringify({ turns: exported }, null, 2)}\n`;
}

/** Puts a line between fences that are longer than any run of backticks in it. */
function fence(line: string): string {
  const longest = Math.max(2, ...(line.match(/`+/g) ?? []).map(({ length }) => length));
  const marks = '`'.repeat(longest + 1);
  return `${marks}\n${line}\n${marks}`;
}
