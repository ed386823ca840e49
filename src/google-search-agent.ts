/**
 * The default agent: the google_search_agent of ADK's live samples, with one more tool.
 * To make your own, copy this file, change the copy, and run it: npm start -- --agent ./my-agent.ts
 */
import { Agent, googleSearch, tool } from 'bidi-sse';
import * as z from 'zod';

const currentTime = tool({
  name: 'current_time',
  description: 'Returns the current date and time.',
  parameters: z.object({
    time_zone: z.string().optional().describe('IANA name, such as Europe/Oslo; default: the time zone of the server'),
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
  // AgentScope's page has an instruction and a name of its own. Whoever may talk to this demo may say what it does: remove the line in your copy.
  acceptsPersona: true,
});
