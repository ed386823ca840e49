import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import type { Tool } from '../../../src/agent/tool.ts';
import { tool } from '../../../src/agent/tool.ts';
import { toolResult } from '../../../src/agent/tool-result.ts';
import { type McpToolsetOptions, mcpToolset } from '../../../src/agent/tools/mcp-toolset.ts';
import { listTools } from '../../../src/agent/tools/tool-list.ts';
import type { Toolset } from '../../../src/agent/toolset.ts';
import { afterTest } from '../../after-test.ts';
import { concurrentTest } from '../../concurrent-test.ts';
import { FakeModel } from '../../models/fake-model.ts';
import { createToolContext } from './call-context.ts';
import { createMcpServer } from './mcp/create-server.ts';

const PROGRAM = join(import.meta.dirname, 'mcp/program.ts');
/** Signal of a run that does not end. */
const ENDLESS = new AbortController().signal;

/** A toolset whose server is a process. */
function openProgram(mode = '', options: Partial<McpToolsetOptions> = {}): Toolset {
  const toolset = mcpToolset({
    name: 'program',
    server: { command: process.execPath, args: [PROGRAM, mode] },
    ...options,
  });
  afterTest(() => toolset.close?.());
  return toolset;
}

/** An MCP server over HTTP. @returns its address, and the headers of its requests */
async function startHttpServer(): Promise<{ url: string; authorizations: (string | undefined)[] }> {
  const authorizations: (string | undefined)[] = [];
  const http = createServer(async (req, res) => {
    authorizations.push(req.headers.authorization);
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const mcp = createMcpServer();
    const transport = new WebStandardStreamableHTTPServerTransport({});
    await mcp.connect(transport);
    const { method = 'GET', headers } = req;
    const init = { method, headers: headers as Record<string, string> };
    const answer = await transport.handleRequest(
      new Request(`http://localhost${req.url}`, method === 'POST' ? { ...init, body: Buffer.concat(chunks) } : init),
    );
    res.writeHead(answer.status, Object.fromEntries(answer.headers));
    res.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  afterTest(() => {
    http.closeAllConnections();
    http.close();
  });
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`, authorizations };
}

const find = (tools: readonly Tool[], name: string) =>
  tools.find(({ declaration }) => 'name' in declaration && declaration.name === name) as Tool; // a missing one fails the test

function call(tools: readonly Tool[], name: string, args: object = {}, signal = ENDLESS): Promise<unknown> {
  const run = find(tools, name).run as NonNullable<Tool['run']>; // every tool of a toolset runs here
  return run(args, createToolContext(signal));
}

describe('the toolset of an MCP server', () => {
  test('that is a program has its tools, with the schemas of their arguments, and calls them', async () => {
    const tools = await openProgram().tools(ENDLESS);
    expect(find(tools, 'add_numbers').declaration).toMatchObject({
      type: 'function',
      name: 'add_numbers',
      description: 'Adds two numbers.',
      parameters: { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } } },
    });
    expect(await call(tools, 'add_numbers', { a: 2, b: 3 })).toBe('5');
    expect(await call(tools, 'find_weather')).toEqual({ degrees: 21 });
  });

  test('has the images of a result as its pictures, and an error for one that no model takes', async () => {
    const tools = await openProgram().tools(ENDLESS);
    const image = { mimeType: 'image/png', data: 'iVBORw0KGgo=' };
    expect(await call(tools, 'draw_cat')).toEqual(toolResult({ response: 'A cat', images: [image] }));
    expect(await call(tools, 'draw_wordless')).toEqual(toolResult({ images: [image] }));
    await expect(call(tools, 'draw_animation')).rejects.toThrow('not image/gif');
    expect(await call(tools, 'draw_large')).toMatchObject({ images: [{ mimeType: 'image/png' }] });
  });

  test('has the images of embedded resources as pictures, and the size of other data in its place', async () => {
    const tools = await openProgram().tools(ENDLESS);
    const content = [
      { type: 'resource', resource: { uri: 'file:///cat.pdf', mimeType: 'application/pdf', bytes: 75_000 } },
      { type: 'audio', mimeType: 'audio/wav', bytes: 75_000 },
      { type: 'resource', resource: { uri: 'file:///cat.txt', text: 'Meow' } },
      { type: 'resource_link', uri: 'file:///dog.png', name: 'A dog' },
    ];
    const images = [{ mimeType: 'image/png', data: 'iVBORw0KGgo=' }];
    expect(await call(tools, 'attach_files')).toEqual(toolResult({ response: { content }, images }));
  });

  test('over HTTP has its tools, and sends its headers with each request', async () => {
    const { url, authorizations } = await startHttpServer();
    const toolset = mcpToolset({ name: 'web', server: { url, headers: { Authorization: 'Bearer abc' } } });
    afterTest(() => toolset.close?.());
    expect(await call(await toolset.tools(ENDLESS), 'add_numbers', { a: 20, b: 3 })).toBe('23');
    expect(authorizations.length).toBeGreaterThan(2);
    expect(new Set(authorizations)).toEqual(new Set(['Bearer abc']));
  });

  test('has an error for a call that fails, and for arguments off the schema', async () => {
    const tools = await openProgram().tools(ENDLESS);
    await expect(call(tools, 'fail_always')).rejects.toThrow('no luck');
    await expect(call(tools, 'add_numbers', { a: 'two' })).rejects.toThrow();
  });

  test('gives a call up whose signal is aborted, and goes on', async () => {
    const tools = await openProgram().tools(ENDLESS);
    await expect(call(tools, 'hang_forever', {}, AbortSignal.timeout(200))).rejects.toThrow();
    expect(await call(tools, 'add_numbers', { a: 1, b: 1 })).toBe('2');
  });

  test('whose server dies fails the call, and starts the server again for the next one', async () => {
    const tools = await openProgram().tools(ENDLESS);
    await expect(call(tools, 'die_now')).rejects.toThrow();
    expect(await call(tools, 'add_numbers', { a: 1, b: 2 })).toBe('3');
  });

  test('has only the tools that are asked for, and asks the user where its author says so', async () => {
    const requireConfirmation = (name: string, args: unknown) => {
      if ((args as { a?: number }).a === 13) throw new Error('unlucky');
      return name === 'draw_cat';
    };
    const toolset = openProgram('', { only: ['add_numbers', 'draw_cat'], requireConfirmation, timeoutMs: 5_000 });
    const tools = await toolset.tools(ENDLESS);
    expect(tools).toHaveLength(2);
    expect(find(tools, 'draw_cat').needsConfirmation?.({})).toBe(true);
    expect(find(tools, 'add_numbers').needsConfirmation?.({ a: 1 })).toBe(false);
    expect(find(tools, 'add_numbers').needsConfirmation?.({ a: 13 })).toBe(true);
    expect(find(tools, 'add_numbers').timeoutMs).toBe(5_000);
  });

  test.each([
    [{ name: '', server: { command: 'x' } }, 'name must be a text'],
    [{ name: 'm', server: {} }, 'server must be'],
    [{ name: 'm', server: { url: 'not a url' } }, 'is not valid'],
  ])('is refused for %j', (options, error) => {
    expect(() => mcpToolset(options as McpToolsetOptions)).toThrow(error);
  });
});

describe('the tools of a run', () => {
  const own = tool({ name: 'add_numbers', description: 'Adds.', execute: () => 'own' });

  async function list(...toolsets: Toolset[]) {
    const logs: { details: object; message: string }[] = [];
    const logger = { warn: (details: object, message: string) => void logs.push({ details, message }) };
    const tools = await listTools({ tools: [own], toolsets }, new FakeModel(), logger);
    return { names: tools.map(({ declaration }) => ('name' in declaration ? declaration.name : '')), tools, logs };
  }

  test('are those of the agent and of its toolsets; of two with one name, that of the agent', async () => {
    const { tools, names, logs } = await list(openProgram());
    expect(names.slice(0, 2)).toEqual(['add_numbers', 'find_weather']);
    expect(await call(tools, 'add_numbers')).toBe('own');
    expect(logs).toEqual([
      {
        details: { toolset: 'program', tool: 'add_numbers', reason: 'there is a tool with this name' },
        message: 'a tool of a toolset is left out',
      },
    ]);
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a tool that is none', [{}]],
    ['a declaration that is no JSON', [{ declaration: { type: 'function', name: 'big', description: 1n } }]],
  ])('are those of the agent if a toolset returns %s', async (_what, given) => {
    const { names, logs } = await list({ name: 'odd', tools: async () => given as never });
    expect(names).toEqual(['add_numbers']);
    expect(logs).toHaveLength(1);
  });

  test('of a user who leaves while the server is asked cost no other run its tools', async () => {
    const toolset = openProgram();
    const end = new AbortController();
    const left = listTools({ tools: [own], toolsets: [toolset] }, new FakeModel(), undefined, end.signal);
    end.abort();
    expect(await left).toEqual([own]);
    expect((await list(toolset)).names).toContain('find_weather');
  });

  test('are those of the agent if the run ends while a toolset is asked', async () => {
    const end = new AbortController();
    const listing = listTools(
      { tools: [own], toolsets: [{ name: 'slow', tools: () => new Promise(() => {}) }] },
      new FakeModel(),
      undefined,
      end.signal,
    );
    end.abort();
    expect(await listing).toEqual([own]);
  });

  test('are without a tool whose declaration is too large', async () => {
    const { names, logs } = await list(openProgram('wordy'));
    expect(names).not.toContain('wordy_tool');
    expect(names).toContain('find_weather');
    expect(logs.map(({ details }) => (details as { tool?: string }).tool)).toContain('wordy_tool');
  });

  concurrentTest.each([
    ['cannot be started', { command: '/no/such/program' }],
    ['sends two megabytes of declarations', { command: process.execPath, args: [PROGRAM, 'large'] }],
    ['never answers', { command: process.execPath, args: [PROGRAM, 'silent'] }],
    [
      'speaks another language',
      { command: process.execPath, args: ['-e', 'setInterval(() => console.log("hello"), 50)'] },
    ],
    ['is nowhere on the network', { url: 'http://127.0.0.1:9/mcp' }],
  ])(
    'are those of the agent alone if the MCP server %s: the reason is logged',
    async (_how: string, server: McpToolsetOptions['server']) => {
      const toolset = mcpToolset({ name: 'broken', server });
      afterTest(() => toolset.close?.());
      const { names, logs } = await list(toolset);
      expect(names).toEqual(['add_numbers']);
      expect(logs).toEqual([
        { details: { toolset: 'broken', err: expect.anything() }, message: 'a toolset has no tools for this run' },
      ]);
      // The next run does not wait again.
      await expect(toolset.tools(ENDLESS)).rejects.toThrow();
    },
  );
});
