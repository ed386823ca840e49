import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Agent } from '../../src/agent/agent.ts';
import { tool } from '../../src/agent/tool.ts';
import { toolResult } from '../../src/agent/tool-result.ts';
import { createFolderArtifacts } from '../../src/store/folder-artifacts.ts';
import { pictureBytes } from '../picture.ts';
import { exchange, post } from './requests.ts';
import { openStream } from './sse-client.ts';
import { startTestServer, temporaryDirectory } from './test-server.ts';

const picture = pictureBytes('image/png');
const data = picture.toString('base64');
const draw = tool({
  name: 'draw_chart',
  description: 'Draws a chart.',
  execute: () => toolResult({ response: { title: 'Sales' }, images: [{ mimeType: 'image/png', data: picture }] }),
});
const agent = new Agent({ name: 'agent', tools: [draw] });

/** A server that is started again on the same database, after a message with pictures and a result with one. */
async function restart() {
  const folder = await temporaryDirectory();
  const environment = { DATABASE_URL: `sqlite:${join(folder, 'conversations.db')}` };
  const first = await startTestServer(environment, { agent });
  const before = await openStream(`${first.url}/events/me/one?audio=none`);
  await before.untilNamed('session');
  const items = [
    { mime_type: 'image/png', data },
    { mime_type: 'text/plain', data: 'draw chart' },
  ];
  expect((await post(first, items, '/send/me/one')).status).toBe(200);
  await before.nextAnswer();
  await first.close();
  const server = await startTestServer(environment, { agent });
  const after = await openStream(`${server.url}/events/me/one?audio=none`, { 'last-event-id': before.lastId });
  return { server, folder, reset: await after.untilNamed('reset') };
}

async function load(url: string) {
  const answer = await fetch(url);
  return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
}

test('after a restart the reset names the pictures of the user and of results, and the server has them', async () => {
  const { server, reset } = await restart();
  const image = { mime_type: 'image/png', file: expect.stringMatching(/^picture_[\w-]{36}\.png$/) };
  expect(reset.turns).toMatchObject([
    { role: 'user', text: 'draw chart', pictures: 1, images: [image] },
    { role: 'model', tools: [{ name: 'draw_chart', state: 'done', pictures: 1, images: [image] }] },
  ]);
  const [user, model] = reset.turns;
  const files = [...(user?.images ?? []), ...(model?.tools?.[0]?.images ?? [])];
  expect(new Set(files.map(({ file }) => file)).size).toBe(2);
  for (const { file } of files) {
    const { status, headers, bytes } = await load(`${server.url}/sessions/me/one/artifacts/${file}`);
    expect({ status, isSame: bytes.equals(picture) }).toEqual({ status: 200, isSame: true });
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'image/png',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
      'cache-control': 'private, max-age=300',
    });
  }
});

test('an export names the pictures by reference, as ADK does, and has no data', async () => {
  const { server } = await restart();
  const { text } = await exchange(server, '/sessions/me/one');
  expect(text).not.toContain(data);
  const uri = expect.stringMatching(/^artifact:\/\/agent\/me\/one\/picture_.*\.png#0$/);
  const reference = { fileData: { fileUri: uri, mimeType: 'image/png' } };
  const { events } = JSON.parse(text);
  expect(events[0].content.parts).toEqual([{ text: 'draw chart' }, reference]);
  const results = events.flatMap(({ content }: { content?: { parts?: { functionResponse?: object }[] } }) =>
    (content?.parts ?? []).flatMap(({ functionResponse }) => functionResponse ?? []),
  );
  expect(results).toMatchObject([{ name: 'draw_chart', parts: [reference] }]);
});

test('the files are for their user only, and gone with the conversation', async () => {
  const { server, folder, reset } = await restart();
  const file = reset.turns[0]?.images?.[0]?.file ?? '';
  for (const path of [`me/two/artifacts/${file}`, `bob/one/artifacts/${file}`, 'me/one/artifacts/other.png']) {
    expect((await load(`${server.url}/sessions/${path}`)).status).toBe(404);
  }
  for (const name of ['%2e%2e%2f%2e%2e%2fconversations.db', '%', '%00', 'x'.repeat(600)]) {
    const { status, bytes } = await load(`${server.url}/sessions/me/one/artifacts/${name}`);
    expect({ name, status, bytes: bytes.includes('SQLite') }).toMatchObject({ status: 404, bytes: false });
  }
  await exchange(server, '/sessions/me/one', { method: 'DELETE' });
  expect((await load(`${server.url}/sessions/me/one/artifacts/${file}`)).status).toBe(404);
  const store = createFolderArtifacts({ folder: join(folder, 'artifacts') });
  expect(await store.list({ appName: 'agent', userId: 'me', sessionId: 'one' })).toEqual([]);
});

test('a user whom a token names gets no file of another one', async () => {
  const secret = 'x'.repeat(32);
  const sign = (payload: object) => {
    const head = Buffer.from('{"alg":"HS256"}').toString('base64url');
    const body = Buffer.from(JSON.stringify(payload)).toString('base64url');
    const signature = createHmac('sha256', secret).update(`${head}.${body}`).digest('base64url');
    return `${head}.${body}.${signature}`;
  };
  const server = await startTestServer({ AUTH: 'jwt', AUTH_JWT_SECRET: secret });
  const exp = Math.floor(Date.now() / 1000) + 60;
  const get = (user: string, headers: Record<string, string>) =>
    exchange(server, `/sessions/${user}/one/artifacts/a.png`, { headers });
  const authorization = `Bearer ${sign({ sub: 'me', exp })}`;
  expect((await get('me', {})).status).toBe(401);
  expect((await get('bob', { authorization })).status).toBe(403);
  expect((await get('me', { authorization })).status).toBe(404);
});

test('a file of another type than a picture is downloaded, and not shown', async () => {
  const folder = await temporaryDirectory();
  const store = createFolderArtifacts({ folder });
  const key = { appName: 'agent', userId: 'me', sessionId: 'one' };
  await store.save(key, 'folder/a b.html', { mimeType: 'text/html', data: Buffer.from('<script>') });
  const server = await startTestServer({ ARTIFACTS_DIR: folder }, { agent });
  const { status, headers } = await load(`${server.url}/sessions/me/one/artifacts/folder%2Fa%20b.html`);
  expect(status).toBe(200);
  expect(headers.get('content-type')).toBe('application/octet-stream');
  expect(headers.get('content-disposition')).toMatch(/^attachment; filename="folder a b\.html\.bin"/);
});
