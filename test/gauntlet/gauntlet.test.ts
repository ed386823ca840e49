import { describeConversations } from './conversations.ts';
import { regularProfiles } from './profiles/all.ts';

await describeConversations(regularProfiles);
