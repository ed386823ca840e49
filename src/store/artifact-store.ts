import type { ConversationKey } from './conversation-store.ts';

/** A file that belongs to a conversation. */
export interface Artifact {
  readonly mimeType: string;
  readonly data: Uint8Array;
}

/** Keeps files beside conversations (ADK: ArtifactService). */
export interface ArtifactStore {
  /** @param filename relative, as `folder/name.ext` @returns which revision of it this is, from 0 */
  save(key: ConversationKey, filename: string, artifact: Artifact): Promise<number>;
  /** @param revision default: the latest @returns `undefined` for one that there is not, or not any more */
  load(key: ConversationKey, filename: string, revision?: number): Promise<Artifact | undefined>;
  /** The names of the files that there are, in alphabetical order. */
  list(key: ConversationKey): Promise<string[]>;
}

/** How an event names a file (ADK's form). */
export function artifactUri(
  { appName, userId, sessionId }: ConversationKey,
  filename: string,
  revision: number,
): string {
  return `artifact://${appName}/${userId}/${sessionId}/${filename}#${revision}`;
}
