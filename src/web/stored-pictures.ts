import type { ConnectionEvents, StoredImage } from '../wire/named-events.ts';
import { encodeBase64 } from './base64.ts';
import './shared-chunk.ts';
import { MAX_IMAGES } from './transcript/max-images.ts';
import type { TranscriptAction } from './transcript/transcript.ts';
import type { Turn } from './transcript/turn.ts';

export interface StoredPicturesOptions {
  readonly fetch: typeof fetch;
  /** Address of the conversation that is open; '' if none is. */
  locate(): string;
  dispatch(action: TranscriptAction): void;
}

/** Pictures that the server has of a conversation, and this page does not: of before a reload, or of another page. */
export class StoredPictures {
  readonly #options: StoredPicturesOptions;

  constructor(options: StoredPicturesOptions) {
    this.#options = options;
  }

  /**
   * Loads the missing pictures, the newest first, as many as a page keeps. A picture that cannot be loaded stays a number.
   * @param turns the turns of the page after the reset
   */
  async load(reset: ConnectionEvents['reset'], turns: readonly Turn[]): Promise<void> {
    const address = this.#options.locate();
    let room = MAX_IMAGES;
    for (let index = reset.turns.length - 1; index >= 0; index -= 1) {
      const { images: [image] = [], tools = [] } = reset.turns[index] ?? {};
      const turn = turns[index];
      for (const { id, images = [] } of turn?.role === 'agent' ? tools : []) {
        room -= images.length;
        if (images.length === 0 || room < 0 || hasImages(turn, id)) continue;
        const loaded = await Promise.all(images.map((each) => this.#loadData(address, each)));
        const found = loaded.filter((each) => each !== undefined);
        if (address !== this.#options.locate()) return;
        if (found.length > 0) this.#options.dispatch({ name: 'stored_result_images', call: id, images: found });
      }
      if (!image || turn?.role !== 'user' || turn.image) continue;
      room -= 1;
      const blob = room < 0 ? undefined : await this.#load(address, image);
      const bitmap = blob && (await createImageBitmap(blob).catch(() => undefined));
      if (address !== this.#options.locate()) return;
      if (bitmap) this.#options.dispatch({ name: 'stored_image', id: turn.id, image: bitmap });
    }
  }

  async #loadData(address: string, image: StoredImage): Promise<{ mime_type: string; data: string } | undefined> {
    const blob = await this.#load(address, image);
    return blob && { mime_type: image.mime_type, data: encodeBase64(new Uint8Array(await blob.arrayBuffer())) };
  }

  async #load(address: string, { file }: StoredImage): Promise<Blob | undefined> {
    try {
      const answer = await this.#options.fetch(`${address}/artifacts/${encodeURIComponent(file)}`);
      return answer.ok ? await answer.blob() : undefined;
    } catch {
      return undefined;
    }
  }
}

function hasImages(turn: Turn | undefined, id: string): boolean {
  return turn?.role === 'agent' && turn.parts.some((part) => part.kind === 'tool' && part.id === id && part.images);
}
