/** Identifies one conversation. Ids contain no slash (see `wire/identifiers`). */
export interface ConversationKey {
  readonly appName: string;
  readonly userId: string;
  readonly sessionId: string;
}

/** Formats a key as one string. Ids contain no slash, so strings of different keys differ. */
export function formatKey({ appName, userId, sessionId }: ConversationKey): string {
  return `${appName}/${userId}/${sessionId}`;
}
