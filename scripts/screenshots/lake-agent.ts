import { setTimeout as delay } from 'node:timers/promises';
import { Agent, googleSearch, tool, toolResult } from 'bidi-sse';
import * as z from 'zod';
import { ISLAND } from './island.ts';

/** Duration of the search for a ferry, in ms: long enough to be shown. */
const SEARCH_MS = 240;

const findFerry = tool({
  name: 'find_ferry',
  description: 'Finds the next ferry between two piers.',
  parameters: z.object({ from: z.string(), to: z.string() }),
  async execute({ from, to }) {
    await delay(SEARCH_MS);
    return { from, to, departs: '16:40', minutes: 25, price: 'CHF 8.80' };
  },
});

const orderTickets = tool({
  name: 'order_tickets',
  description: 'Orders tickets for a ferry.',
  parameters: z.object({ from: z.string(), to: z.string(), departs: z.string(), tickets: z.number() }),
  requireConfirmation: true,
  execute: ({ tickets }) => ({ ordered: tickets }),
});

const showIsland = tool({
  name: 'show_island',
  description: 'Shows the island.',
  execute: () => toolResult({ response: { from: 'the pier' }, images: [{ mimeType: 'image/png', data: ISLAND }] }),
});

/** The agent of the pictures. Its model says what the scenes tell it to. */
export const rootAgent = new Agent({ name: 'lake_guide', tools: [googleSearch, findFerry, orderTickets, showIsland] });
