import { type ConversationKey, formatKey } from './conversation-key.ts';

/** A file that belongs to a conversation. */
export interface Artifact {
  readonly mimeType: string;
  readonly data: Uint8Array;
}

/** Stores files beside conversations (ADK: ArtifactService). */
export interface ArtifactStore {
  /**
   * Saves a new revision of a file.
   * @param filename relative, such as `folder/name.ext`; 1 to 512 characters
   * @returns number of the new revision: 0 for a name that has no revision, else one more than the newest
   * @throws {RangeError} if the name is empty, too long, or not well-formed Unicode
   */
  save(key: ConversationKey, filename: string, artifact: Artifact): Promise<number>;
  /** @param revision default: the newest @returns `undefined` if there is no such revision, or it was deleted */
  load(key: ConversationKey, filename: string, revision?: number): Promise<Artifact | undefined>;
  /** Lists the names of a conversation's files, in alphabetical order. */
  list(key: ConversationKey): Promise<string[]>;
  /**
   * Whether a conversation has a file whose name starts with a prefix. It is asked for each row of a list of conversations, so it must be cheap. A store
   * may lack it: clients are not told then which conversations have a recording.
   * @param prefix 1 to 50 characters of `a-z 0-9 _ - /`, such as `_adk_live/`
   * @returns `undefined` if the store cannot tell
   */
  hasFiles?(key: ConversationKey, prefix: string): Promise<boolean | undefined>;
  /**
   * Deletes files of a conversation. Nothing happens if there are none.
   * @param filename file of which all revisions are deleted. Default: all files of the conversation
   */
  delete(key: ConversationKey, filename?: string): Promise<void>;
}

/** Start of the names of files with recorded audio (ADK's). */
export const RECORDINGS_PREFIX = '_adk_live/';

/** Maximum length of the name of a file, in characters. */
const MAX_FILENAME_CHARACTERS = 512;

/** Whether a text can be the name of a file. */
export function isFilename(text: string): boolean {
  return text !== '' && text.length <= MAX_FILENAME_CHARACTERS && text.isWellFormed();
}

/** @throws {RangeError} if a store must not accept the name of a file */
export function checkFilename(filename: string): void {
  if (!isFilename(filename))
    throw new RangeError(`The name of a file must have 1 to ${MAX_FILENAME_CHARACTERS} characters`);
}

/** Formats the URI by which an event refers to a file (ADK's form). */
export function formatArtifactUri(key: ConversationKey, filename: string, revision: number): string {
  return `artifact://${formatKey(key)}/${filename}#${revision}`;
}

/** Name and revision of a file of a conversation. */
export interface ArtifactName {
  readonly filename: string;
  readonly revision: number;
}

/** Parses the URI of a file. @returns `undefined` if it names no file of this conversation */
export function parseArtifactUri(key: ConversationKey, uri: string): ArtifactName | undefined {
  const start = `artifact://${formatKey(key)}/`;
  const [, filename, revision] = /^(.+)#(\d{1,15})$/s.exec(uri.startsWith(start) ? uri.slice(start.length) : '') ?? [];
  return filename === undefined ? undefined : { filename, revision: Number(revision) };
}
