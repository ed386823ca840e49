// An agent whose tools are those of an MCP server: npm start -- --agent examples/mcp-tools/agent.ts
// Without a key, type "show shopping list" and "clear shopping list". The second one asks for your confirmation.
import { fileURLToPath } from 'node:url';
import { Agent, mcpToolset } from 'bidi-sse';

export const rootAgent = new Agent({
  name: 'shopper',
  instruction: 'You keep the shopping list of the user.',
  tools: [
    mcpToolset({
      name: 'shopping list',
      server: { command: process.execPath, args: [fileURLToPath(new URL('server.ts', import.meta.url))] },
      requireConfirmation: (tool) => tool === 'clear_shopping_list',
    }),
  ],
});
