// An agent that remembers its users: npm start -- --agent examples/state/agent.ts
// Without a key, type "count visit" in two conversations.
import { Agent, tool } from 'bidi-sse';

const countVisit = tool({
  name: 'count_visit',
  description: 'Counts a visit of the user.',
  execute: (_args, { state }) => {
    const visits = state.get('user:visits', 0) + 1;
    state.set('user:visits', visits);
    return { visits };
  },
});

export const rootAgent = new Agent({
  name: 'host',
  instruction: 'You welcome {user:name?}, who was here {user:visits?} times.',
  acceptsState: ['theme', 'user:name'],
  tools: [countVisit],
});
