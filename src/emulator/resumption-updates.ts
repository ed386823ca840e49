import type { ConversationHistory } from './conversation-history.ts';
import type { ServerMessage } from './gemini-frames.ts';
import type { GeminiSetup } from './gemini-setup.ts';
import type { Conversation, ResumptionHandles } from './resumption-handles.ts';

/** Says when a session can be resumed, and with which handle; nothing to a client that did not ask. */
export interface ResumptionUpdates {
  /** Gives a handle, or says that there is none now. */
  offer(): void;
  /** No handles until the end of the turn. */
  withhold(): void;
  turnStarts(): void;
  turnEnds(): void;
}

export interface ResumptionUpdatesOptions {
  readonly resumption: GeminiSetup['resumption'];
  readonly handles: ResumptionHandles;
  readonly history: ConversationHistory;
  readonly conversation: Conversation;
  /** The scenario has no handle given before the end of the first turn. */
  readonly withheld: boolean;
  /** Messages consumed so far, setup included. */
  messages(): number;
  send(message: ServerMessage): void;
}

export function createResumptionUpdates(options: ResumptionUpdatesOptions): ResumptionUpdates {
  const { resumption, handles, history, conversation, send } = options;
  let { withheld } = options;

  function deny(): void {
    if (resumption) send({ sessionResumptionUpdate: { resumable: false } });
  }

  function offer(): void {
    if (withheld) deny();
    if (withheld || !resumption) return;
    const newHandle = handles.issue(history.turns, conversation);
    const index = resumption.transparent ? { lastConsumedClientMessageIndex: String(options.messages()) } : {};
    send({ sessionResumptionUpdate: { newHandle, resumable: true, ...index } });
  }

  return {
    offer,
    withhold() {
      withheld = true;
      deny();
    },
    // "Resumption is not possible at some points", such as while the model generates (@google/genai).
    turnStarts: deny,
    turnEnds() {
      withheld = false;
      offer();
    },
  };
}
