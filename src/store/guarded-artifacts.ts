import type { Artifact, ArtifactStore } from './artifact-store.ts';
import type { ConversationKey } from './conversation-key.ts';
import type { StoreLogger } from './store-health.ts';
import { StoreScope } from './store-scope.ts';
import { limitTime } from './time-limit.ts';

/** Maximum wait for one answer of the store, in ms. */
const ANSWER_MS = 30_000;

/**
 * Runs an artifact store in a scope of its own, as `GuardedStore` does: an error that the store throws in a timer is logged and ends nothing. Its
 * promises reject with what the store rejects with, with a `TypeError` for an answer of the wrong type, or with a `TimeLimitError` after 30 s.
 */
export class GuardedArtifacts implements ArtifactStore {
  readonly #store: ArtifactStore;
  readonly #scope: StoreScope;

  constructor(store: ArtifactStore, logger: Pick<StoreLogger, 'warn'> | undefined) {
    this.#store = store;
    this.#scope = new StoreScope((error) =>
      logger?.warn({ err: error }, 'the artifact store has failed outside of its operations'),
    );
  }

  async save(key: ConversationKey, filename: string, artifact: Artifact): Promise<number> {
    const revision = await this.#ask(() => this.#store.save(key, filename, artifact));
    if (Number.isSafeInteger(revision)) return revision;
    throw new TypeError('the artifact store returned no number of a revision');
  }

  async load(key: ConversationKey, filename: string, revision?: number): Promise<Artifact | undefined> {
    const artifact = await this.#ask(() => this.#store.load(key, filename, revision));
    if (!artifact) return undefined;
    const { mimeType, data } = artifact;
    if (typeof mimeType === 'string' && data instanceof Uint8Array) return { mimeType, data };
    throw new TypeError('the artifact store returned a file without a type or without bytes');
  }

  list(key: ConversationKey): Promise<string[]> {
    return this.#ask(() => this.#store.list(key));
  }

  async hasFiles(key: ConversationKey, prefix: string): Promise<boolean | undefined> {
    const hasFiles = await this.#ask(async () => this.#store.hasFiles?.(key, prefix));
    return typeof hasFiles === 'boolean' ? hasFiles : undefined;
  }

  async delete(key: ConversationKey, filename?: string): Promise<void> {
    await this.#ask(() => this.#store.delete(key, filename));
  }

  #ask<T>(ask: () => Promise<T>): Promise<T> {
    return limitTime(() => this.#scope.run(ask), ANSWER_MS);
  }
}
