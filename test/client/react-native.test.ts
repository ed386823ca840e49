import { describe, expect } from '@jest/globals';
import { encodeBase64 } from '../../src/client/base64.ts';
import type { Client, ClientOptions } from '../../src/client/index.ts';
import { concurrentTest as test } from '../concurrent-test.ts';
import { speech } from '../http/speech.ts';
import { afterTest, startTestServer, waitFor } from '../http/test-server.ts';
import { talk } from './conversation.ts';
import { type App, createApp } from './react-native/app.ts';
import { BlockedWebSocket } from './react-native/native-network.ts';

/** Opens a client in an app, and collects the text of the answers and the transports. */
function talkIn(app: App, options: Partial<ClientOptions> & { url: string }) {
  const client = app.exports.createClient({ userId: 'me', isAudio: false, ...options });
  afterTest(() => client.close());
  const answers: string[] = [''];
  const rungs: string[] = [];
  const problems: unknown[] = [];
  client.on('message', (message) => {
    if ('turn_complete' in message) answers.push('');
    else if (message.mime_type === 'text/plain') answers.push(`${answers.pop()}${message.data}`);
  });
  client.on('rung', (rung) => rungs.push(rung));
  for (const name of ['refused', 'rejected', 'failure', 'retry'] as const)
    client.on(name, (data) => problems.push([name, data]));
  return { client, rungs, problems, nextAnswer: () => takeAnswer(answers) };
}

async function takeAnswer(answers: string[]): Promise<string> {
  await waitFor('an answer', () => answers.length > 1);
  return answers.shift()?.trim() ?? '';
}

async function say(client: Client, text: string): Promise<void> {
  expect(await client.send(text)).toEqual({ sent: true });
}

describe('in an app of React Native, whose fetch reads no stream,', () => {
  test('the SDK finds none of the globals of a browser that React Native does not have', async () => {
    const { globals } = await createApp();
    const absent = [
      'EventSource',
      'ReadableStream',
      'TextDecoder',
      'btoa',
      'atob',
      'crypto',
      'document',
      'location',
      'structuredClone',
    ];
    expect(globals.filter((name) => [...absent, 'process', 'Buffer', 'DOMException'].includes(name))).toEqual([]);
    expect(globals).toEqual(expect.arrayContaining(['fetch', 'Response', 'WebSocket', 'AbortController', 'URL']));
  });

  test('auto starts with polls, changes to a WebSocket, and never requests a stream', async () => {
    const { url } = await startTestServer();
    const app = await createApp();
    const { client, rungs, problems, nextAnswer } = talkIn(app, { url });
    await waitFor('the connection', () => client.state === 'open');
    expect(client.statistics.rung).toBe('poll');
    await say(client, 'count to two');
    expect(await nextAnswer()).toBe('One, two.');
    await waitFor('the WebSocket', () => client.statistics.rung === 'ws');
    await say(client, 'what did I say?');
    expect(await nextAnswer()).toBe('You said: count to two');
    expect({ rungs, problems }).toEqual({ rungs: ['ws'], problems: [] });
    expect(app.urls.filter((each) => new URL(each).pathname.startsWith('/events'))).toEqual([]);
  });

  test('auto stays with polls where no WebSocket passes, and carries text, speech and a change of the modality', async () => {
    const { url } = await startTestServer();
    const before = BlockedWebSocket.attempts;
    const app = await createApp({ WebSocket: BlockedWebSocket });
    const { client, rungs, problems, nextAnswer } = talkIn(app, { url, isAudio: undefined });
    const heard: string[] = [];
    client.on('message', (message) => {
      if ('mime_type' in message) heard.push(message.mime_type);
    });
    await say(client, 'zähle bis ∞'); // two bytes and three
    await nextAnswer();
    await say(client, 'what did I say?');
    expect(await nextAnswer()).toBe('You said: zähle bis ∞');
    await waitFor('the trial of a WebSocket', () => BlockedWebSocket.attempts > before);
    await client.setAudio(true);
    client.sendAudio(new Uint8Array(speech(1)));
    await say(client, 'count to two');
    await waitFor('speech', () => heard.includes('audio/pcm'));
    expect({ rungs, problems, rung: client.statistics.rung }).toEqual({ rungs: [], problems: [], rung: 'poll' });
    expect(client.state).toBe('open');
    expect(app.urls.filter((each) => new URL(each).pathname.startsWith('/events'))).toEqual([]);
  });

  test('a token is sent with polls and POSTs, and a WebSocket is opened with a ticket', async () => {
    const token = 'me-0123456789abcdef';
    const { url } = await startTestServer({ AUTH: 'token', AUTH_TOKENS: `me:${token}` });
    const { client, problems, nextAnswer } = talkIn(await createApp(), { url, token: async () => token });
    await waitFor('the WebSocket', () => client.statistics.rung === 'ws');
    await say(client, 'count to two');
    expect(await nextAnswer()).toBe('One, two.');
    expect(problems).toEqual([]);
  });

  test('a server that refuses the user ends the client with the reason', async () => {
    const { url } = await startTestServer({ AUTH: 'token', AUTH_TOKENS: 'me:me-0123456789abcdef' });
    const { client } = talkIn(await createApp(), { url });
    await waitFor('the refusal', () => client.state === 'failed');
    expect(client.rejection).toMatchObject({ code: 'unauthorized', status: 401 });
  });

  test('sse is refused with a TypeError that names fetch, and an address that is none with one that names url', async () => {
    const { createClient } = (await createApp()).exports;
    const url = 'http://localhost:8000';
    expect(() => createClient({ url, userId: 'me', transport: 'sse' })).toThrow(
      /"sse" needs a fetch that can read streams/,
    );
    for (const wrong of ['localhost:8000', `${url}?a=b`, 'http://a:b@localhost', 'http://']) {
      expect(() => createClient({ url: wrong, userId: 'me' })).toThrow(/the option url must be/);
    }
  });
});

test('auto works with a given fetch whose responses have no body that can be read in pieces', async () => {
  const { url } = await startTestServer();
  const me = talk({
    url,
    WebSocket: BlockedWebSocket,
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      const { status, statusText, headers } = response;
      // As in node-fetch, `body` is a stream of Node.
      return {
        status,
        statusText,
        headers,
        ok: response.ok,
        body: { pipe() {} },
        text: () => response.text(),
      } as unknown as Response;
    },
  });
  expect(await me.client.send('count to two')).toEqual({ sent: true });
  await me.turns(1);
  expect(me.client.statistics.rung).toBe('poll');
});

test('base64 without btoa is that of Node', () => {
  const { btoa } = globalThis;
  afterTest(() => Object.assign(globalThis, { btoa }));
  Object.assign(globalThis, { btoa: undefined });
  const bytes = Uint8Array.from({ length: 260 }, (_, index) => (index * 167) & 255);
  for (const length of [0, 1, 2, 3, 4, 5, 256, 257, 258, 259]) {
    const part = bytes.subarray(0, length);
    expect(encodeBase64(part)).toBe(Buffer.from(part).toString('base64'));
  }
});
