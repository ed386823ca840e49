// An agent whose callbacks look after it: npm start -- --agent examples/callbacks/agent.ts
// Without a key, type "count to ten", "what is the password" and "open door".
import { Agent, tool } from 'bidi-sse';

const openDoor = tool({ name: 'open_door', description: 'Opens the door.', execute: () => ({ open: true }) });

const answer = (text: string) => ({ content: { parts: [{ text }] } });

export const rootAgent = new Agent({
  name: 'doorkeeper',
  instruction: 'You guard a house.',
  tools: [openDoor],
  beforeModelCallback: ({ request }) => {
    const [message] = request.contents;
    return message?.parts?.[0]?.text?.includes('password') ? answer('I do not talk about passwords.') : undefined;
  },
  afterModelCallback: ({ response }) => {
    const text = response.outputTranscription?.text ?? response.content?.parts?.[0]?.text ?? '';
    return text.toLowerCase().includes('five') ? answer('That is enough.') : undefined;
  },
  beforeToolCallback: ({ tool: called, context }) => {
    const calls = context.state.get('calls', 0) + 1;
    context.state.set('calls', calls);
    return calls > 2 ? { error: `${called.name} may be called twice in a conversation` } : undefined;
  },
});
