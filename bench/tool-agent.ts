import { setTimeout as delay } from 'node:timers/promises';
import { Agent, tool } from 'bidi-sse';

/** Duration of each call, in ms, from the environment: 2 s, or a tenth of a second. */
const WORK_MS = Number(process.env.WORK_MS ?? 2_000);

/** The agent of the rows about tools. Its tool does nothing for a while, as one that waits for a database. */
export const rootAgent = new Agent({
  name: 'worker',
  tools: [
    tool({
      name: 'work',
      description: 'Works.',
      async execute(_args, { signal }) {
        await delay(WORK_MS, undefined, { signal });
        return { done: true };
      },
    }),
  ],
});
