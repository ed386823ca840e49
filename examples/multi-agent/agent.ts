// Several agents that share one conversation: npm start -- --agent examples/multi-agent/agent.ts
// Without a key, type "Why is my bill so high?", then "back to the desk". "I want to order a phone" starts two steps; "complete my task" ends a step.
// "Hang up" ends the call.
import { Agent, SequentialAgent, tool } from 'bidi-sse';

const readBill = tool({
  name: 'read_bill',
  description: 'Reads the bill of the caller: why is it so high, and when is it due.',
  execute: () => ({ total: '48.90', due: '12 December', mostly: 'calls abroad' }),
});

const hangUp = tool({
  name: 'hang_up',
  description: 'Ends the call, when the caller has said goodbye.',
  execute: (_args, context) => {
    context.endInvocation();
    return { status: 'the call ends after your next words' };
  },
});

const billing = new Agent({
  name: 'billing',
  description: 'Answers questions on the bill of the caller.',
  instruction: 'You answer questions on bills. Read the bill first.',
  tools: [readBill],
  runConfig: { speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Kore' } } } },
});

const order = new SequentialAgent({
  name: 'order',
  description: 'Takes the order of a new phone.',
  subAgents: [
    new Agent({ name: 'choose', instruction: 'Find out which phone the caller wants. Ask one question at a time.' }),
    new Agent({ name: 'confirm', instruction: 'Repeat the order, and ask the caller to confirm it.', tools: [hangUp] }),
  ],
});

export const rootAgent = new Agent({
  name: 'desk',
  description: 'Receives the caller: the front desk.',
  instruction: 'You are the front desk of a phone shop. Be short.',
  subAgents: [billing, order],
  tools: [hangUp],
});
