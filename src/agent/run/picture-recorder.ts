import { randomUUID } from 'node:crypto';
import { type ArtifactStore, formatArtifactUri } from '../../store/artifact-store.ts';
import type { LiveConversation } from '../../store/live-conversation.ts';
import type { FileData, InlineData } from '../../wire/agent-event.ts';
import { type MemoryCounter, MemoryShare } from '../../wire/memory-share.ts';

export interface PictureRecorderOptions {
  readonly artifacts: ArtifactStore;
  readonly conversation: Pick<LiveConversation, 'key' | 'isClosed'>;
  /** Called when a picture cannot be stored. The event that names it stays. */
  readonly onFailed: (error: unknown) => void;
  /** Counts the pictures that are not stored yet. */
  readonly memory: MemoryCounter | undefined;
}

/** Maximum length of all pictures that are not stored yet, in characters of base64. Further ones are not stored. */
const MAX_PENDING_CHARACTERS = 32 * 1024 * 1024;
const EXTENSIONS: ReadonlyMap<string, string> = new Map([
  ['image/jpeg', 'jpg'],
  ['image/png', 'png'],
  ['image/webp', 'webp'],
]);

/** Stores the pictures of a conversation as files, which its events name: one picture would be as large as a hundred conversations. */
export class PictureRecorder {
  readonly #options: PictureRecorderOptions;
  readonly #memory: MemoryShare;
  readonly #saving = new Set<Promise<void>>();
  #characters = 0;

  constructor(options: PictureRecorderOptions) {
    this.#options = options;
    this.#memory = new MemoryShare(options.memory);
  }

  /**
   * Begins to store pictures.
   * @returns the files, in the order of the pictures; without those that cannot be stored
   */
  store(pictures: readonly InlineData[]): FileData[] {
    return pictures.flatMap((picture) => this.#store(picture) ?? []);
  }

  /** Resolves when all pictures are stored. */
  async finish(): Promise<void> {
    await Promise.all(this.#saving);
  }

  #store({ mimeType, data }: InlineData): FileData | undefined {
    const extension = EXTENSIONS.get(mimeType);
    const { conversation } = this.#options;
    if (extension === undefined || conversation.isClosed) return undefined;
    if (this.#characters + data.length > MAX_PENDING_CHARACTERS) return undefined;
    const filename = `picture_${randomUUID()}.${extension}`;
    this.#count(data.length);
    const saving = this.#save(filename, { mimeType, data })
      .catch(this.#options.onFailed)
      .finally(() => {
        this.#saving.delete(saving);
        this.#count(-data.length);
      });
    this.#saving.add(saving);
    // The name is new, so that its first revision is 0.
    return { fileUri: formatArtifactUri(conversation.key, filename, 0), mimeType };
  }

  async #save(filename: string, { mimeType, data }: InlineData): Promise<void> {
    const { artifacts, conversation } = this.#options;
    const { key } = conversation;
    await artifacts.save(key, filename, { mimeType, data: Buffer.from(data, 'base64') });
    // The conversation was deleted meanwhile, and another one may have its id by now.
    if (conversation.isClosed) await artifacts.delete(key, filename);
  }

  #count(characters: number): void {
    this.#characters += characters;
    this.#memory.set(this.#characters);
  }
}
