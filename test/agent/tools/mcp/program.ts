// An MCP server on standard input and output. `silent`: it never answers. `large`: its declarations have two megabytes.
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { createMcpServer } from './create-server.ts';

const [mode] = process.argv.slice(2);
if (mode === 'silent') setInterval(() => {}, 60_000);
else {
  const server = createMcpServer();
  if (mode === 'large') {
    server.registerTool('large_tool', { description: 'x'.repeat(2 * 1024 * 1024) }, async () => ({ content: [] }));
  }
  if (mode === 'wordy') {
    server.registerTool('wordy_tool', { description: 'x'.repeat(20_000) }, async () => ({ content: [] }));
  }
  await server.connect(new StdioServerTransport());
}
