import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { plainDialect } from '../../src/wire/dialects/plain.ts';
import { openBareSocket } from '../http/bare-socket.ts';
import { startTestServer, temporaryDirectory } from '../http/test-server.ts';
import { heard } from '../wire/dialects/agentscope-log.ts';

const docs = new URL('../../docs/', import.meta.url);
const page = readFileSync(new URL('migrating.md', docs), 'utf8');
const blocksOf = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, code = '']) => code);

test('every link of docs/migrating.md leads to a file and a heading that exist', () => {
  const targets = [...page.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target);
  const local = targets.filter((target) => !target.startsWith('https:'));
  expect(local.length).toBeGreaterThan(20);
  expect(local.filter((target) => !exists(target))).toEqual([]);
});

test('PUBLIC_DIR as in docs/migrating.md serves the page at / and its files below /static/', async () => {
  const folder = join(await temporaryDirectory(), readVariable('PUBLIC_DIR'));
  await mkdir(join(folder, 'js'), { recursive: true });
  await writeFile(join(folder, 'index.html'), '<script src="/static/js/app.js" type="module"></script>');
  await writeFile(join(folder, 'js/app.js'), 'connect();');
  const { url } = await startTestServer({ PUBLIC_DIR: folder });
  expect(await (await fetch(url)).text()).toContain('/static/js/app.js');
  expect(await (await fetch(`${url}/static/js/app.js`)).text()).toBe('connect();');
});

test('ALLOWED_ORIGINS as in docs/migrating.md lets the page use this server from its own', async () => {
  const origin = readVariable('ALLOWED_ORIGINS');
  const server = await startTestServer({ ALLOWED_ORIGINS: origin });
  for (const path of ['/events/1234?is_audio=false', '/api/check-models']) {
    const answer = await fetch(server.url + path, { headers: { Origin: origin } });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, origin]);
    await answer.body?.cancel();
  }
  const body = JSON.stringify({ mime_type: 'text/plain', data: 'hello' });
  const headers = { Origin: origin, 'Content-Type': 'application/json' };
  expect((await fetch(`${server.url}/send/1234`, { method: 'POST', headers, body })).status).toBe(200);
  for (const path of ['/ws/5678?is_audio=false', '/ws/demo-user/demo-session-1']) {
    const socket = await openBareSocket(server, path, { headers: { Origin: origin } });
    socket.socket.terminate();
  }
});

test('the code of docs/migrating.md for the SSE sample shows the words of the user as they arrive, and then the whole once', () => {
  const [code = '', ...others] = blocksOf('js').filter((block) => block.includes('input_transcript'));
  expect(others).toEqual([]);
  const eventSource = new EventTarget();
  const paragraphs: { textContent: string }[] = [];
  const messagesDiv = {
    appendChild: (paragraph: { textContent: string }) => paragraphs[paragraphs.push(paragraph) - 1],
  };
  runInNewContext(code, { eventSource, messagesDiv, document: { createElement: () => ({ textContent: '' }) } });
  const shown = [heard('What', false), heard(' time', false), heard('What time?', true), heard('Hello', false)].map(
    (message, index) => {
      const [frame] = plainDialect.encodeEntry({ seq: index + 1, turn: 1, message });
      eventSource.dispatchEvent(new MessageEvent(frame?.event ?? '', { data: frame?.data }));
      return paragraphs.map(({ textContent }) => textContent);
    },
  );
  expect(shown).toEqual([['> What'], ['> What time'], ['> What time?'], ['> What time?', '> Hello']]);
});

/** Value of a variable in the only command that sets it. */
function readVariable(name: string): string {
  const [command = '', ...others] = blocksOf('sh').filter((block) => block.startsWith(`${name}=`));
  expect(others).toEqual([]);
  const [, value = ''] = /=(\S+) npm start\n$/.exec(command) ?? [];
  expect(value).not.toBe('');
  return value;
}

/** Whether a file, and the heading in it, exist. */
function exists(target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const file = new URL(path || 'migrating.md', docs);
  if (!existsSync(file)) return false;
  return anchor === undefined || anchorsOf(readFileSync(file, 'utf8')).includes(anchor);
}

/** Anchors of the headings, as GitHub makes them. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^##+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
}
