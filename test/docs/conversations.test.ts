import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { Command } from '../cli/command.ts';
import { talk } from '../client/conversation.ts';
import { AS_SHIPPED, startTestServer, temporaryDirectory } from '../http/test-server.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const EXAMPLE = join(ROOT, 'examples/export-conversations.ts');
const page = await readFile(join(ROOT, 'docs/conversations.md'), 'utf8');

test('the program of docs/conversations.md is the example, which writes the conversations of a user to files', async () => {
  const code = await readFile(EXAMPLE, 'utf8');
  expect(page).toContain(code.slice(code.indexOf('import { createConversations }')));
  const token = 'me-0123456789abcdef';
  const { url } = await startTestServer({ ...AS_SHIPPED, AUTH: 'token', AUTH_TOKENS: `me:${token}` });
  const me = talk({ url, sessionId: 'numbers', token });
  await me.client.send('Count to two');
  await me.turns(1);
  const folder = await temporaryDirectory();
  const env = { PATH: process.env.PATH, BIDI_SSE_TOKEN: token };
  const command = new Command(spawn(process.execPath, [EXAMPLE, url, 'me', folder], { env }));
  expect([await command.exitCode(), command.stdout]).toEqual([0, 'numbers.txt: Count to two\n']);
  const text = await readFile(join(folder, 'numbers.txt'), 'utf8');
  expect(text).toContain('Count to two');
  expect(text).toContain('One, two.');
});
