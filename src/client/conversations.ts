import { checkConversationsOptions } from './check-options.ts';
import type { ConversationsOptions } from './client-options.ts';
import type { Conversations } from './conversations-interface.ts';
import { StoredConversations } from './stored-conversations.ts';

/**
 * Creates the access to the stored conversations of a user. It makes no request, and holds no connection.
 * @throws {TypeError} if an option is missing or not valid
 */
export function createConversations(options: ConversationsOptions): Conversations {
  checkConversationsOptions(options);
  return new StoredConversations(options);
}
