import { testSimulatedConversations } from './hunt.ts';

testSimulatedConversations(1_500);
