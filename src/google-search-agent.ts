/**
 * The agent that is talked to unless another is named: the google_search_agent of ADK's live samples, and a tool.
 * Copy this file, change it, and run it: npm start -- --agent ./my-agent.ts
 */
import { Agent, googleSearch, tool } from 'bidi-sse';
import * as z from 'zod';

const currentTime = tool({
  name: 'current_time',
  description: 'Tells the current date and time.',
  parameters: z.object({
    time_zone: z.string().optional().describe('IANA name, as Europe/Oslo; the time zone of the server if absent'),
  }),
  execute: ({ time_zone }) => {
    const format = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'medium', timeZone: time_zone });
    return { time: format.format(new Date()), time_zone: format.resolvedOptions().timeZone };
  },
});

export const rootAgent = new Agent({
  name: 'google_search_agent',
  description: 'Agent to answer questions using Google Search.',
  instruction:
    'Answer the question using the Google Search tool. For the time of day use current_time. Be brief: you are heard, not read.',
  tools: [googleSearch, currentTime],
});
