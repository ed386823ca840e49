import { extractTurn } from '../../store/conversation-turns.ts';
import type { AgentEvent, FunctionCall, FunctionResponse } from '../../wire/agent-event.ts';

/** Maximum length of the arguments or the result of a call, in characters of JSON. The rest is left out. */
const MAX_JSON_CHARACTERS = 500;
/** Maximum length of the reply that waits for words of the user that were recognized late, in characters. */
const MAX_HELD_CHARACTERS = 64 * 1024;
/** Control characters, which a terminal would carry out, and the marks that change the direction of the text around them. */
const UNSAFE = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;
const ELLIPSIS = '…';

/**
 * Writes a conversation as text for people: a line with the time (UTC) and the speaker at each change of speaker, and what was typed and said, with the
 * calls of tools and their results in brackets. The events are added in their order, in parts of any size; little of the text is held in memory.
 */
export class TranscriptText {
  /** Reply that is not written yet: words of the user that were recognized late stand before it. */
  #held = '';
  /** Who wrote the last line of what is written and held. */
  #speaker: string | undefined;
  /** Who wrote the last line that is written. */
  #writtenSpeaker: string | undefined;

  /** @returns text that is complete now, possibly '' */
  add(event: AgentEvent): string {
    const lines = listLines(event);
    if (lines.length === 0) return '';
    const isUser = event.author === 'user';
    if (isUser && event.answered && this.#held !== '') {
      const late = this.#format(event, lines, this.#writtenSpeaker);
      this.#writtenSpeaker = event.author;
      return late;
    }
    const text = this.#format(event, lines, this.#speaker);
    if (isUser) {
      const written = this.#flush() + text;
      this.#speaker = this.#writtenSpeaker = event.author;
      return written;
    }
    this.#held += text;
    this.#speaker = event.author;
    return this.#held.length > MAX_HELD_CHARACTERS ? this.#flush() : '';
  }

  /** @returns the rest of the text */
  finish(): string {
    return this.#flush();
  }

  #flush(): string {
    const held = this.#held;
    this.#held = '';
    this.#writtenSpeaker = this.#speaker;
    return held;
  }

  #format({ author, timestamp }: AgentEvent, lines: readonly string[], before: string | undefined): string {
    const head =
      author === before ? '' : `\n${formatTime(timestamp)}  ${author === 'user' ? 'User' : toLine(author)}\n`;
    return `${head}${lines.join('\n')}\n`;
  }
}

/**
 * Formats the lines above a conversation.
 * @param title '' for a conversation without one
 */
export function formatTextHead(title: string, agent: string, updatedAt: number): string {
  const heading = title === '' ? 'Conversation' : toLine(title);
  return `${heading}\nWith ${toLine(agent)}, until ${formatTime(updatedAt)} (UTC)\n`;
}

function listLines(event: AgentEvent): string[] {
  if (event.partial) return [];
  const lines: string[] = [];
  for (const { functionCall, functionResponse } of event.content?.parts ?? []) {
    if (functionCall) lines.push(formatCall(functionCall));
    if (functionResponse) lines.push(formatResult(functionResponse), ...formatPictures(functionResponse.pictures));
  }
  const text = extractTurn(event)?.text;
  if (text) lines.push(toText(text));
  lines.push(...formatPictures(event.pictures));
  if (event.interrupted) lines.push('[interrupted]');
  return lines;
}

function formatPictures(count = 0): string[] {
  if (count < 1) return [];
  return [count === 1 ? '[1 picture]' : `[${count} pictures]`];
}

function formatCall({ name, args }: FunctionCall): string {
  return `[calls ${toLine(name)} ${formatJson(args ?? {})}]`;
}

function formatResult({ name, response }: FunctionResponse): string {
  return `[${toLine(name)}: ${formatJson(response ?? {})}]`;
}

function formatJson(value: unknown): string {
  const json = toLine(JSON.stringify(value));
  return json.length <= MAX_JSON_CHARACTERS ? json : `${json.slice(0, MAX_JSON_CHARACTERS).toWellFormed()}${ELLIPSIS}`;
}

/** @param timestamp in seconds since 1970 */
function formatTime(timestamp: number): string {
  const date = new Date(timestamp * 1000);
  return Number.isNaN(date.getTime()) ? '-' : date.toISOString().slice(0, 19).replace('T', ' ');
}

function toLine(text: string): string {
  return text.replace(UNSAFE, ' ');
}

/** Removes what is not text, and keeps the ends of lines. */
function toText(text: string): string {
  return text.replace(/\r\n?/g, '\n').split('\n').map(toLine).join('\n');
}
