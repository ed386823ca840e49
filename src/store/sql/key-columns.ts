import type { ConversationKey } from '../conversation-key.ts';
import type { StateRow } from './schema.ts';

/** Columns of the key of a conversation, which are the same in all tables. */
export type KeyColumns = Pick<StateRow, 'app_name' | 'user_id' | 'session_id'>;

/** Returns the columns of a conversation: for `values`, and for `where(({ and }) => and(…))`. */
export function toKeyColumns({ appName, userId, sessionId }: ConversationKey): KeyColumns {
  return { app_name: appName, user_id: userId, session_id: sessionId };
}
