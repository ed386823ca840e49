import { testSimulatedConversations } from './hunt.ts';

testSimulatedConversations(20);
