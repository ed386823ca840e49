// An agent that remembers long conversations: npm start -- --agent examples/long-memory/agent.ts
// Without a key, the text model of the emulator repeats what was said.
import { Agent } from 'bidi-sse';

export const rootAgent = new Agent({
  name: 'companion',
  instruction: 'You are a good listener.',
  eventsCompactionConfig: { summarizer: 'gemini-3.5-flash-lite', eventRetentionSize: 40 },
});
