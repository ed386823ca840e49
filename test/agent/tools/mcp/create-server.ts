import { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';

/** Creates an MCP server with tools that behave well, and tools that do not. */
export function createMcpServer(): McpServer {
  const server = new McpServer({ name: 'test', version: '1' });
  server.registerTool(
    'add_numbers',
    { description: 'Adds two numbers.', inputSchema: z.object({ a: z.number(), b: z.number() }) },
    async ({ a, b }) => ({ content: [{ type: 'text', text: `${a + b}` }] }),
  );
  server.registerTool(
    'find_weather',
    { description: 'Tells the weather.', outputSchema: z.object({ degrees: z.number() }) },
    async () => ({ content: [{ type: 'text', text: '{"degrees":21}' }], structuredContent: { degrees: 21 } }),
  );
  server.registerTool('draw_cat', { description: 'Draws a cat.' }, async () => ({
    content: [
      { type: 'text', text: 'A cat' },
      { type: 'image', mimeType: 'image/png', data: 'iVBORw0KGgo=' },
    ],
  }));
  server.registerTool('draw_wordless', { description: 'Draws.' }, async () => ({
    content: [{ type: 'image', mimeType: 'image/png', data: 'iVBORw0KGgo=' }],
  }));
  server.registerTool('draw_large', { description: 'Draws.' }, async () => ({
    content: [{ type: 'image', mimeType: 'image/png', data: createLargePicture().toString('base64') }],
  }));
  server.registerTool('draw_animation', { description: 'Draws.' }, async () => ({
    content: [{ type: 'image', mimeType: 'image/gif', data: 'R0lGODdh' }],
  }));
  server.registerTool('attach_files', { description: 'Attaches files.' }, async () => ({
    content: [
      { type: 'resource', resource: { uri: 'file:///cat.png', mimeType: 'image/png', blob: 'iVBORw0KGgo=' } },
      {
        type: 'resource',
        resource: { uri: 'file:///cat.pdf', mimeType: 'application/pdf', blob: 'A'.repeat(100_000) },
      },
      { type: 'audio', mimeType: 'audio/wav', data: 'A'.repeat(100_000) },
      { type: 'resource', resource: { uri: 'file:///cat.txt', text: 'Meow' } },
      { type: 'resource_link', uri: 'file:///dog.png', name: 'A dog' },
    ],
  }));
  server.registerTool('fail_always', { description: 'Fails.' }, async () => ({
    isError: true,
    content: [{ type: 'text', text: 'no luck' }],
  }));
  server.registerTool('hang_forever', { description: 'Hangs.' }, () => new Promise(() => {}));
  server.registerTool('die_now', { description: 'Ends the server.' }, () => process.exit(1));
  server.registerTool('huge_result', { description: 'Returns 100 kB.' }, async () => ({
    content: [{ type: 'text', text: 'x'.repeat(100_000) }],
  }));
  return server;
}

/** Bytes that pass for a PNG, as many as the pictures of a result may have. */
function createLargePicture(): Buffer {
  const picture = Buffer.alloc(1024 * 1024);
  picture.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return picture;
}
