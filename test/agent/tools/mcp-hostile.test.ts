// MCP servers that hang, lie, forget and flood.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Tool } from '../../../src/agent/tool.ts';
import { mcpToolset } from '../../../src/agent/tools/mcp-toolset.ts';
import { afterTest } from '../../after-test.ts';
import { temporaryDirectory } from '../../http/test-server.ts';
import { until } from '../../models/until.ts';
import { createToolContext } from './call-context.ts';
import { HostileServer, type Misbehaviour } from './mcp/hostile-server.ts';

async function open(misbehaviour: Misbehaviour) {
  const server = new HostileServer(misbehaviour);
  const toolset = mcpToolset({ name: 'hostile', server: { url: await server.start() } });
  afterTest(() => toolset.close?.());
  return { server, toolset };
}

const call = async ([tool]: readonly Tool[]) => tool?.run?.({}, createToolContext(AbortSignal.timeout(10_000)));
const soon = () => AbortSignal.timeout(10_000);

test('a server that forgets its sessions fails one call; the next one has a new session', async () => {
  const { server, toolset } = await open('none');
  const tools = await toolset.tools(soon());
  server.sessions.clear();
  await expect(call(tools)).rejects.toThrow();
  expect(await call(tools)).toMatchObject({ s: expect.any(String) });
  expect(server.requests.filter((method) => method === 'initialize')).toHaveLength(2);
});

test('a server that hangs after its first answer costs no more than the time of its caller, and can be closed at once', async () => {
  const { toolset } = await open('hang');
  await expect(toolset.tools(AbortSignal.timeout(300))).rejects.toThrow();
  await toolset.close?.();
});

test('an answer without end is cut at its limit', async () => {
  const { toolset } = await open('endless');
  await expect(toolset.tools(soon())).rejects.toThrow();
});

test('a result is not checked against the regular expressions of the server, which may take minutes', async () => {
  const { toolset } = await open('regexp');
  expect(await call(await toolset.tools(soon()))).toEqual({ s: `${'a'.repeat(30)}!` });
});

test('no stream is opened for messages that nobody has asked for', async () => {
  const { server, toolset } = await open('none');
  await call(await toolset.tools(soon()));
  expect(server.requests).toContain('tools/call');
  expect(server.requests).not.toContain('GET');
});

test('a program that never answers, and ignores every signal to end, is gone when the toolset is closed', async () => {
  const file = join(await temporaryDirectory(), 'pid');
  const program = `process.on('SIGTERM', () => {}); require('fs').writeFileSync(process.argv[1], String(process.pid)); setInterval(() => {}, 1000)`;
  const toolset = mcpToolset({ name: 'deaf', server: { command: process.execPath, args: ['-e', program, file] } });
  const listing = toolset.tools(soon()).catch((error: unknown) => error);
  const pid = await until(() => (existsSync(file) ? Number(readFileSync(file, 'utf8')) || undefined : undefined));
  await toolset.close?.();
  expect(await listing).toBeInstanceOf(Error);
  await until(() => !isRunning(pid));
});

test('a toolset that is closed while it connects starts no program, and its caller gets an error', async () => {
  const file = join(await temporaryDirectory(), 'started');
  const program = `require('fs').writeFileSync(process.argv[1], '')`;
  const toolset = mcpToolset({ name: 'brief', server: { command: process.execPath, args: ['-e', program, file] } });
  const listing = toolset.tools(soon()).catch((error: unknown) => error);
  await toolset.close?.();
  expect(await listing).toBeInstanceOf(Error);
  expect(existsSync(file)).toBe(false);
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
