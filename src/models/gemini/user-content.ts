import type { Session } from '@google/genai';
import type { Content, InlineData } from '../../wire/agent-event.ts';
import { keepEnd } from '../../wire/keep-end.ts';
import type { GeminiFamily } from './family.ts';

/** Number of characters at the end of an incomplete message that are always kept. At twice this length, the beginning is discarded. */
const MAX_PARTIAL_TEXT = 256 * 1024;
/** Maximum age of a frame that is put into the next typed message, in ms. */
const MAX_FRAME_AGE_MS = 10_000;

/** Sends what the user writes and shows, in the form that a family of models accepts. */
export class UserContent {
  readonly #family: GeminiFamily;
  readonly #session: Session;
  /** Frame that was sent last and that no typed message contains. */
  #lastFrame: { readonly image: InlineData; readonly sentAt: number } | undefined;
  /** Beginning of a message whose end has not been sent, for models that reply to every text. */
  #partialText = '';
  /** Whether the beginning of a message was given, and its end was not. */
  #isPartial = false;

  constructor(family: GeminiFamily, session: Session) {
    this.#family = family;
    this.#session = session;
  }

  /**
   * Sends the conversation so far to a fresh session.
   * @param needsReply whether the model shall reply to the last entry, which is the user's
   */
  sendHistory(history: readonly Content[], needsReply: boolean): void {
    if (!this.#family.textAsRealtimeInput) {
      this.#session.sendClientContent({ turns: [...history], turnComplete: needsReply });
      return;
    }
    // These models require `turnComplete` after the history and never reply to it (@google/genai, HistoryConfig). Send the last message of the
    // user as a new one instead.
    const last = history.at(-1);
    const unanswered = needsReply && last ? extractText(last) : '';
    const turns = unanswered ? history.slice(0, -1) : history;
    this.#session.sendClientContent({ ...(turns.length > 0 ? { turns: [...turns] } : {}), turnComplete: true });
    if (unanswered) this.sendText(unanswered, []);
  }

  /** Sends the end of a message, or a whole one. The model replies. */
  sendText(text: string, images: readonly InlineData[]): void {
    this.#isPartial = false;
    if (!this.#family.textAsRealtimeInput) {
      this.#sendContent(text, images.length > 0 ? images : this.#takeRecentFrame(), true);
      return;
    }
    for (const image of images) this.sendFrame(image);
    this.#session.sendRealtimeInput({ text: this.#partialText + text });
    this.#partialText = '';
  }

  /** Sends the beginning of a message. */
  sendPartialText(text: string, images: readonly InlineData[]): void {
    this.#isPartial = true;
    if (!this.#family.textAsRealtimeInput) {
      this.#sendContent(text, images, false);
      return;
    }
    // These models reply to every text at once, so hold the beginning back.
    for (const image of images) this.sendFrame(image);
    this.#partialText = keepEnd(this.#partialText + text, MAX_PARTIAL_TEXT);
  }

  /**
   * Completes the message whose beginning was sent. The model replies.
   * @returns false if no message is incomplete
   * @see https://ai.google.dev/api/live#bidigeneratecontentclientcontent, `turnComplete`: the generation starts with the accumulated prompt
   */
  completeText(): boolean {
    if (!this.#isPartial) return false;
    this.#isPartial = false;
    if (this.#family.textAsRealtimeInput) {
      this.#session.sendRealtimeInput({ text: this.#partialText });
      this.#partialText = '';
      return true;
    }
    const parts = this.#takeRecentFrame().map(({ mimeType, data }) => ({ inlineData: { mimeType, data } }));
    const turns = parts.length > 0 ? { turns: [{ role: 'user', parts }] } : {};
    this.#session.sendClientContent({ ...turns, turnComplete: true });
    return true;
  }

  sendFrame({ mimeType, data }: InlineData): void {
    this.#lastFrame = { image: { mimeType, data }, sentAt: performance.now() };
    this.#session.sendRealtimeInput({ video: { data, mimeType } });
  }

  #sendContent(text: string, images: readonly InlineData[], turnComplete: boolean): void {
    const parts = [...images.map(({ mimeType, data }) => ({ inlineData: { mimeType, data } })), { text }];
    this.#session.sendClientContent({ turns: [{ role: 'user', parts }], turnComplete });
  }

  /**
   * A typed message does not see the frames that were sent before it, on any family that takes client content: the message must contain the
   * picture.
   * @see pydantic-ai, realtime tests of seven models; live-api-web-console#35
   */
  #takeRecentFrame(): readonly InlineData[] {
    const frame = this.#lastFrame;
    this.#lastFrame = undefined;
    return frame && performance.now() - frame.sentAt <= MAX_FRAME_AGE_MS ? [frame.image] : [];
  }
}

function extractText(content: Content): string {
  return (content.parts ?? []).map((part) => part.text ?? '').join('');
}
