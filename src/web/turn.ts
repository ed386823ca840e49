import type { LogEvents } from '../wire/named-events.ts';

export interface UserTurn {
  readonly role: 'user';
  readonly id: number;
  readonly text: string;
  readonly spoken: boolean;
  /** `open`: still being sent, or still being spoken. */
  readonly state: 'open' | 'done' | 'failed';
  /** Which of the server's turns the speech belongs to. */
  readonly turn?: number;
  readonly image?: ImageBitmap;
}

export interface ToolUse {
  readonly kind: 'tool';
  readonly id: string;
  readonly name: string;
  readonly args: Record<string, unknown>;
  readonly state: 'running' | 'done' | 'failed' | 'cancelled';
  readonly result?: unknown;
}

export interface Saying {
  readonly kind: 'text';
  readonly text: string;
}

/** What an answer rests on. */
export type Grounding = Pick<LogEvents['grounding'], 'sources' | 'queries'>;

export interface AgentTurn {
  readonly role: 'agent';
  readonly id: number;
  readonly parts: readonly (Saying | ToolUse)[];
  readonly state: 'open' | 'done' | 'interrupted';
  readonly grounding?: Grounding;
}

export type Turn = UserTurn | AgentTurn;
