import type { LogEvents } from '../../wire/named-events.ts';

export interface UserTurn {
  readonly role: 'user';
  readonly id: number;
  readonly text: string;
  readonly spoken: boolean;
  /** State of the message. `open` means that the text is still being sent, or the speech is not complete. */
  readonly state: 'open' | 'done' | 'failed';
  /** Number of the server's turn to which the speech belongs. */
  readonly turn?: number;
  readonly image?: ImageBitmap;
  /** Number of pictures that this page does not have: another page has sent them, or they are of before a reload. */
  readonly pictures?: number;
  /** Id of the client that has sent only a part of the message: its next message is the rest. `null`: a client without an id. */
  readonly continues?: string | null;
}

export interface ToolUse {
  readonly kind: 'tool';
  readonly id: string;
  readonly name: string;
  readonly args: Record<string, unknown>;
  /** `confirming`: the call waits for the user. */
  readonly state: 'confirming' | 'running' | 'done' | 'failed' | 'cancelled' | 'unknown';
  readonly result?: unknown;
  /** Pictures of the result. */
  readonly images?: LogEvents['tool_result']['images'];
  /** Number of pictures of the result that this page does not have. */
  readonly pictures?: number;
  /** Times at which this page learned of the call and of its end, in ms of `performance.now()`. Absent for calls of before a reload. */
  readonly startedAt?: number;
  readonly endedAt?: number;
}

export interface TextPart {
  readonly kind: 'text';
  readonly text: string;
}

/** Sources and search queries of an answer. */
export type Grounding = Pick<LogEvents['grounding'], 'sources' | 'queries'>;

export interface AgentTurn {
  readonly role: 'agent';
  readonly id: number;
  /** Whether the text was spoken, as far as the page knows. */
  readonly spoken?: boolean;
  readonly parts: readonly (TextPart | ToolUse)[];
  readonly state: 'open' | 'done' | 'interrupted';
  /** Number of characters that the user has heard of an answer that is being spoken, or was interrupted. `undefined`: the whole text is shown. */
  readonly heard?: number | undefined;
  readonly grounding?: Grounding;
}

/** Returns the parts of an answer with the text that was heard. */
export function selectHeardParts({ parts, heard }: AgentTurn): AgentTurn['parts'] {
  if (heard === undefined) return parts;
  let left = heard;
  return parts.map((part) => {
    if (part.kind !== 'text') return part;
    const text = part.text.slice(0, left);
    left -= text.length;
    return { ...part, text };
  });
}

/** Whether the page offers to copy an answer: it is complete, and has text. */
export function hasActions({ state, parts }: AgentTurn): boolean {
  return state !== 'open' && parts.some(({ kind }) => kind === 'text');
}

export type Turn = UserTurn | AgentTurn;
