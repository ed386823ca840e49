/** An agent of ADK, with nothing of bidi-sse in it. */
import { FunctionTool, InMemoryRunner, LlmAgent } from '@google/adk';
import { z } from 'zod';

const getTime = new FunctionTool({
  name: 'get_current_time',
  description: 'Returns the current time in a time zone.',
  parameters: z.object({ zone: z.string().optional().describe('IANA time zone, such as Europe/Berlin. Default: UTC') }),
  execute: ({ zone = 'UTC' }) => ({
    time: new Date().toLocaleTimeString('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' }),
  }),
});

export const rootAgent = new LlmAgent({
  name: 'clock',
  // ADK 2.0 runs tools in live mode with the models gemini-3.*-flash-live only.
  model: process.env.DEMO_AGENT_MODEL ?? 'gemini-3.1-flash-live-preview',
  description: 'Tells the time.',
  instruction: 'You are a friendly clock. Answer in one short sentence.',
  tools: [getTime],
});

export const runner = new InMemoryRunner({ appName: 'adk-agent', agent: rootAgent });
