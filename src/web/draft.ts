import type { AttachedImage } from './attached-image.ts';

type DraftStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

const PREFIX = 'bidi-sse.draft.';
/** Maximum length of a draft that is kept, in characters. */
const MAX_CHARACTERS = 100_000;
/** Maximum number of conversations whose attached pictures are kept, 2.3 MB each at most. At the limit the oldest one is dropped. */
const MAX_IMAGES = 5;

/**
 * The messages that are being written in this tab, one for each conversation. The texts survive a reload, the pictures do not. Works without storage:
 * then nothing does.
 */
export class Draft {
  readonly #storage: DraftStorage | undefined;
  readonly #images = new Map<string, AttachedImage>();

  /** @param storage of this tab, as `sessionStorage` */
  constructor(storage: DraftStorage | undefined) {
    this.#storage = storage;
  }

  load(conversation: string): string {
    try {
      return this.#storage?.getItem(PREFIX + conversation) ?? '';
    } catch {
      return '';
    }
  }

  save(conversation: string, text: string): void {
    try {
      if (text === '' || text.length > MAX_CHARACTERS) this.#storage?.removeItem(PREFIX + conversation);
      else this.#storage?.setItem(PREFIX + conversation, text);
    } catch {
      // The storage is full, or the settings of the browser forbid it.
    }
  }

  /** Puts text on lines before a draft. @param image picture of the text. A picture that the draft has stays instead */
  prepend(conversation: string, text: string, image?: AttachedImage): void {
    this.save(conversation, `${text}\n${this.load(conversation)}`.trim());
    if (image && !this.getImage(conversation)) this.saveImage(conversation, image);
  }

  /** Makes the draft of a conversation that of another one, which has none. */
  move(from: string, to: string): void {
    this.save(to, this.load(from));
    this.saveImage(to, this.getImage(from));
    this.save(from, '');
    this.saveImage(from, undefined);
  }

  getImage(conversation: string): AttachedImage | undefined {
    return this.#images.get(conversation);
  }

  saveImage(conversation: string, image: AttachedImage | undefined): void {
    this.#images.delete(conversation);
    if (!image) return;
    this.#images.set(conversation, image);
    const [oldest] = this.#images.keys();
    if (oldest !== undefined && this.#images.size > MAX_IMAGES) this.#images.delete(oldest);
  }
}
