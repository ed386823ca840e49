import { type ConversationKey, formatKey } from './conversation-key.ts';

/** A file that belongs to a conversation. */
export interface Artifact {
  readonly mimeType: string;
  readonly data: Uint8Array;
}

/** Stores files beside conversations (ADK: ArtifactService). */
export interface ArtifactStore {
  /** @param filename relative, such as `folder/name.ext` @returns number of the new revision, from 0 */
  save(key: ConversationKey, filename: string, artifact: Artifact): Promise<number>;
  /** @param revision default: the newest @returns `undefined` if there is no such revision, or it was deleted */
  load(key: ConversationKey, filename: string, revision?: number): Promise<Artifact | undefined>;
  /** Lists the names of a conversation's files, in alphabetical order. */
  list(key: ConversationKey): Promise<string[]>;
}

/** Formats the URI by which an event refers to a file (ADK's form). */
export function formatArtifactUri(key: ConversationKey, filename: string, revision: number): string {
  return `artifact://${formatKey(key)}/${filename}#${revision}`;
}
