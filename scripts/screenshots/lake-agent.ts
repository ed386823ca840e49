import { setTimeout as delay } from 'node:timers/promises';
import { Agent, googleSearch, tool, toolResult } from 'bidi-sse';
import * as z from 'zod';
import { ISLAND } from './island.ts';

/** Duration of the search for a ferry, in ms: long enough to be shown. */
const SEARCH_MS = 240;
/** Duration for which a ferry is watched, in ms: longer than any scene. */
const WATCH_MS = 60_000;

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

const watchFerry = tool({
  name: 'watch_ferry',
  description: 'Watches a ferry, and says where it is.',
  parameters: z.object({ ferry: z.string() }),
  async *execute(_args, { signal }) {
    yield { position: 'at the pier' };
    await delay(WATCH_MS, undefined, { signal });
  },
});

/** The agent of the pictures. Its model says what the scenes tell it to. */
export const rootAgent = new Agent({
  name: 'lake_guide',
  tools: [googleSearch, findFerry, orderTickets, watchFerry, showIsland],
});
