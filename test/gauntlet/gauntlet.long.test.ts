import { describeConversations } from './conversations.ts';
import { longProfiles } from './profiles/all.ts';

await describeConversations(longProfiles);
