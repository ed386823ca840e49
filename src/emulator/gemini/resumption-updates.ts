import type { ConversationHistory } from '../conversation-history.ts';
import type { ServerMessage } from './frames.ts';
import type { Conversation, ResumptionHandles } from './resumption-handles.ts';
import type { GeminiSetup } from './setup.ts';

export interface ResumptionUpdatesOptions {
  readonly resumption: GeminiSetup['resumption'];
  readonly handles: ResumptionHandles;
  readonly history: ConversationHistory;
  readonly conversation: Conversation;
  /** Whether the scenario withholds handles until the end of the first turn. */
  readonly withheld: boolean;
  /** Returns whether the model waits for results of functions. */
  hasOpenCalls(): boolean;
  /** Returns the number of messages consumed so far, setup included. */
  countMessages(): number;
  send(message: ServerMessage): void;
}

/** Tells a client that asked for resumption when its session can be resumed, and with which handle. */
export class ResumptionUpdates {
  readonly #options: ResumptionUpdatesOptions;
  #withheld: boolean;

  constructor(options: ResumptionUpdatesOptions) {
    this.#options = options;
    this.#withheld = options.withheld;
  }

  /** Sends a handle, or the information that there is none now. */
  sendHandle(): void {
    const { resumption, handles, history, conversation, hasOpenCalls, countMessages, send } = this.#options;
    if (this.#withheld) this.#sendNotResumable();
    if (this.#withheld || !resumption) return;
    const newHandle = handles.issue(history.turns, conversation, hasOpenCalls());
    const index = resumption.transparent ? { lastConsumedClientMessageIndex: String(countMessages()) } : {};
    send({ sessionResumptionUpdate: { newHandle, resumable: true, ...index } });
  }

  /** Withholds handles until the end of the turn. */
  withholdHandles(): void {
    this.#withheld = true;
    this.#sendNotResumable();
  }

  /** Reports that the session cannot be resumed while the model generates. @see SessionResumptionUpdate in @google/genai */
  onTurnStart(): void {
    this.#sendNotResumable();
  }

  onTurnEnd(): void {
    this.#withheld = false;
    this.sendHandle();
  }

  #sendNotResumable(): void {
    const { resumption, send } = this.#options;
    if (resumption) send({ sessionResumptionUpdate: { resumable: false } });
  }
}
