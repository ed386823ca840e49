// An agent whose tools do not keep the user waiting: npm start -- --agent examples/background-tools/agent.ts
// Without a key, type "watch price", "stop streaming {"function_name":"watch_price"}", "book table" and "request refund".
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, tool } from 'bidi-sse';

const watchPrice = tool({
  name: 'watch_price',
  description: 'Watches the price of the stock, and reports each change.',
  // Each value that is yielded is told to the model. The signal ends the wait when the model or the user stops the tool.
  async *execute(_args, { signal }) {
    for (let price = 300; price <= 304; price += 1) {
      await delay(1_000, undefined, { signal });
      yield { price };
    }
    return 'The market is closed.';
  },
});

const watchCamera = tool({
  name: 'watch_camera',
  description: 'Watches the camera, and reports how many pictures have come.',
  inputStream: true,
  async *execute(_args, { input }) {
    let pictures = 0;
    for await (const { blob } of input) {
      if (!blob?.mime_type.startsWith('image/')) continue;
      pictures += 1;
      yield { pictures };
    }
  },
});

const bookTable = tool({
  name: 'book_table',
  description: 'Books a table.',
  scheduling: 'WHEN_IDLE',
  async execute(_args, { signal }) {
    await delay(2_000, undefined, { signal });
    return { table: 'by the window' };
  },
});

const requestRefund = tool({
  name: 'request_refund',
  description: 'Asks a colleague for a refund.',
  isLongRunning: true,
  execute: (_args, { callId }) => ({ status: 'A colleague was asked.', request: callId }),
});

export const rootAgent = new Agent({
  name: 'concierge',
  instruction: 'You help the guests of a hotel. You tell them what your tools report.',
  tools: [watchPrice, watchCamera, bookTable, requestRefund],
});
