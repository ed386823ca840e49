// An MCP server with a shopping list. It speaks MCP on its standard input and output; agent.ts starts it.
import { McpServer } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import * as z from 'zod';

const items: string[] = ['bread'];
const server = new McpServer({ name: 'shopping-list', version: '1' });

server.registerTool('show_shopping_list', { description: 'Shows the shopping list.' }, async () => ({
  content: [{ type: 'text', text: items.join(', ') || 'nothing' }],
}));

server.registerTool(
  'clear_shopping_list',
  { description: 'Deletes all items of the shopping list.', inputSchema: z.object({}) },
  async () => {
    items.length = 0;
    return { content: [{ type: 'text', text: 'The list is empty' }] };
  },
);

await server.connect(new StdioServerTransport());
