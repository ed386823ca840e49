import type { Client, Item, SendResult } from '../client/index.ts';
import type { AttachedImage } from './attached-image.ts';
import type { TranscriptAction } from './transcript/transcript.ts';

export interface TypedMessagesOptions {
  /** Returns the client of the open conversation. */
  getClient(): Client | undefined;
  dispatch(action: TranscriptAction): void;
  /** Called when the server has accepted a message. */
  onSent(): void;
}

/** Sends what the user types, and keeps it while the conversation or the sign-in has ended. */
export class TypedMessages {
  readonly #options: TypedMessagesOptions;
  /** Sends again what was typed after the conversation had ended. */
  #unsent: (() => void)[] = [];
  /** The pictures of this page as they are sent, by those that the transcript shows. */
  readonly #attached = new WeakMap<ImageBitmap, AttachedImage>();
  #lastId = 0;

  constructor(options: TypedMessagesOptions) {
    this.#options = options;
  }

  /** Sends text with or without a picture, and shows it in the transcript. */
  send(text: string, image?: AttachedImage): void {
    const id = --this.#lastId;
    this.#options.dispatch({ name: 'typed', id, text, ...(image ? { image: image.bitmap } : {}) });
    if (image) this.#attached.set(image.bitmap, image);
    const items: Item[] = [];
    if (image) items.push({ mime_type: 'image/jpeg', data: image.base64 });
    if (text) items.push(text);
    void this.#sendItems(id, items);
  }

  /** Finds a picture that this page has sent. @param bitmap as the transcript shows it */
  findAttached(bitmap: ImageBitmap | undefined): AttachedImage | undefined {
    return bitmap && this.#attached.get(bitmap);
  }

  /** Sends the stored messages over the client of a conversation that continues. */
  resend(): void {
    for (const sendAgain of this.#unsent.splice(0)) sendAgain();
  }

  clear(): void {
    this.#unsent = [];
  }

  async #sendItems(id: number, items: readonly Item[]): Promise<void> {
    const { getClient, dispatch, onSent } = this.#options;
    const client = getClient();
    const results: SendResult[] = await Promise.all(items.map((item) => client?.send(item) ?? { sent: false }));
    const sent = results.every((result) => result.sent);
    if (sent) onSent();
    // If the conversation had ended before the message arrived, or the sign-in had, keep the message until the user continues.
    const hasEnded = client?.state === 'ended' && results.every(({ refusal }) => !refusal);
    if (!sent && (hasEnded || client?.rejection?.code === 'unauthorized')) {
      if (getClient() === client) this.#unsent.push(() => void this.#sendItems(id, items));
      else await this.#sendItems(id, items);
      return;
    }
    dispatch({ name: 'typed_settled', id, sent });
  }
}
