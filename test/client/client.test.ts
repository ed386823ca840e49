import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { type ClientOptions, createClient } from '../../src/client/index.ts';
import { Command } from '../cli/command.ts';
import { afterTest, startTestServer, waitFor } from '../http/test-server.ts';
import { talk } from './conversation.ts';

const CLIENT = fileURLToPath(new URL('../../src/client/index.ts', import.meta.url));
const VALID = { url: 'http://localhost:8000', userId: 'me' };

describe('createClient', () => {
  test.each<[string, object | undefined, RegExp]>([
    ['no options', undefined, /the options must be an object; given: undefined$/],
    ['no url', {}, /the option url must be an http or https URL such as .*; given: undefined$/],
    ['a url without a scheme', { url: 'localhost:8000' }, /option url must be .*; given: "localhost:8000"$/],
    ['an empty url without a page', { url: '' }, /option url must be .*; given: ""$/],
    [
      'a url with a query',
      { url: 'http://localhost/?a=b' },
      /option url must be .*; given: "http:\/\/localhost\/\?a=b"$/,
    ],
    [
      'a url with a password',
      { url: 'http://a:b@localhost' },
      /option url must be .*without query, hash, user name and password/,
    ],
    ['no userId', { userId: undefined }, /option userId must be 1 to 128 characters of .*; given: undefined$/],
    ['a userId with a space', { userId: 'john doe' }, /option userId must be .*; given: "john doe"$/],
    ['a userId that is a number', { userId: 7 }, /option userId must be .*; given: 7$/],
    ['a sessionId with a slash', { sessionId: 'a/b' }, /option sessionId must be .*; given: "a\/b"$/],
    [
      'an unknown transport',
      { transport: 'carrier pigeon' },
      /transport must be one of auto, sse, poll, ws; given: "carrier pigeon"$/,
    ],
    ['too many parallelPosts', { parallelPosts: 5 }, /parallelPosts must be a whole number from 1 to 4; given: 5$/],
    ['half a parallelPost', { parallelPosts: 1.5 }, /parallelPosts must be .*; given: 1\.5$/],
    ['an isAudio that is a text', { isAudio: 'false' }, /isAudio must be true or false; given: "false"$/],
    ['an empty voice', { voice: '' }, /voice must be a text that is not empty; given: ""$/],
    ['a fetch that is no function', { fetch: {} }, /fetch must be a function; given: Object$/],
    ['a storage without methods', { storage: {} }, /storage must be an object with the methods getItem and setItem/],
    ['an option with another name', { userID: 'me' }, /there is no option "userID"; allowed: url, userId, /],
    [
      'ws with headers',
      { transport: 'ws', headers: { a: 'b' } },
      /transport "ws" cannot be used with the option headers/,
    ],
  ])('refuses %s with a TypeError that names the option, the given value and the allowed ones', (_, changed, text) => {
    const options = changed && Object.keys(changed).length > 0 ? { ...VALID, ...changed } : changed;
    expect(() => createClient(options as ClientOptions)).toThrow(TypeError);
    expect(() => createClient(options as ClientOptions)).toThrow(text);
  });

  test.each([[{ Authorization: 7 }], [{ 'no header': 'x' }], [{ Authorization: 'a\nb' }], ['Bearer secret']])(
    'refuses the headers %j, and shows no part of them',
    (headers) => {
      const create = () => createClient({ ...VALID, headers: headers as unknown as Record<string, string> });
      expect(create).toThrow(
        /option headers must be an object of header names and texts.*; given: a value of another shape$/,
      );
    },
  );

  test('accepts an option that is undefined as absent', async () => {
    const { url } = await startTestServer();
    const me = talk({ url, sessionId: undefined, voice: undefined, headers: undefined, parallelPosts: undefined });
    expect(await me.client.send('hello')).toEqual({ sent: true });
  });
});

describe('sendAudio', () => {
  /** Opens a client and collects the bytes of its POSTs of audio. */
  async function openMicrophone() {
    const { url } = await startTestServer();
    const sent: number[] = [];
    const me = talk({
      url,
      transport: 'sse',
      fetch: (input, init) => {
        if (init?.body instanceof Uint8Array) sent.push(...init.body);
        return fetch(input, init);
      },
    });
    await waitFor('the session', () => me.client.state === 'open');
    return { client: me.client, sent, refused: me.refused };
  }

  test.each([
    ['an Int16Array', () => Int16Array.of(1, -2, 258)],
    ['a part of an Int16Array', () => Int16Array.of(9, 1, -2, 258, 9).subarray(1, 4)],
    ['a Uint8Array', () => Uint8Array.of(1, 0, 254, 255, 2, 1)],
    ['a Buffer', () => Buffer.from([1, 0, 254, 255, 2, 1])],
    ['an ArrayBuffer', () => Uint8Array.of(1, 0, 254, 255, 2, 1).buffer],
    ['a Uint8Array with half a sample too many', () => Uint8Array.of(1, 0, 254, 255, 2, 1, 77)],
  ])('sends every sample of %s in little endian', async (_, createPcm) => {
    const { client, sent, refused } = await openMicrophone();
    client.sendAudio(createPcm());
    await waitFor('the audio', () => sent.length > 0);
    expect(sent).toEqual([1, 0, 254, 255, 2, 1]);
    expect(refused).toEqual([]);
  });

  test.each([
    [new Float32Array(4), /Float32Array holds floating-point samples, not PCM16; convert .*Int16Array\.from/],
    [
      new Uint16Array(4),
      /must be an Int16Array, a Uint8Array or an ArrayBuffer of PCM16, mono, 16 kHz; given: Uint16Array$/,
    ],
    [[1, 2], /given: Array$/],
    ['AAAA', /given: "AAAA"$/],
    [undefined, /given: undefined$/],
  ])('refuses %p with a TypeError that says what to send', (pcm, text) => {
    const client = createClient(VALID);
    afterTest(() => client.close());
    const send = () => client.sendAudio(pcm as unknown as Int16Array);
    expect(send).toThrow(TypeError);
    expect(send).toThrow(text);
  });
});

test('on, setAudio and setSpeech refuse what they cannot use with a TypeError', () => {
  const client = createClient(VALID);
  afterTest(() => client.close());
  expect(() => client.on('message', undefined as unknown as () => void)).toThrow(
    /listener of "message" must be a function/,
  );
  expect(() => client.setSpeech({ voice: '' })).toThrow(/setSpeech: voice must be a text that is not empty; given: ""/);
  expect(() => client.setAudio('no' as unknown as boolean)).toThrow(/isAudio must be true or false; given: "no"/);
});

test('parts of the caller that throw, reject or return nonsense cause no unhandled rejection and no uncaught error', async () => {
  const { url } = await startTestServer();
  const program = `
    import { createClient } from ${JSON.stringify(CLIENT)};
    const fail = () => { throw new Error('broken'); };
    const options = { url: ${JSON.stringify(url)}, userId: 'me' };
    const storage = { getItem: async () => fail(), setItem: async () => fail() };
    const clients = [
      { fetch: fail }, { fetch: async () => fail() }, { fetch: async () => undefined }, { fetch: async () => ({ status: 200 }) },
      { random: fail }, { random: () => Number.NaN, fetch: fail }, { storage }, { storage: { getItem: fail, setItem: fail } },
      { transport: 'ws', WebSocket: class {} }, { transport: 'ws', WebSocket: fail }, { WebSocket: class {} },
    ].map((parts) => createClient({ ...options, ...parts }));
    for (const client of clients) {
      const cyclic = {};
      cyclic.self = cyclic;
      for (const item of ['hello', '', undefined, 7, cyclic, { mime_type: 'text/plain', data: ' ' }]) client.send(item);
      client.interrupt(Number.NaN);
    }
    setTimeout(() => { for (const client of clients) client.close(); console.log('done'); }, 3_000);
  `;
  const child = new Command(spawn(process.execPath, ['--input-type=module', '-e', program]));
  expect(await child.exitCode()).toBe(0);
  expect([child.stdout, child.stderr]).toEqual(['done\n', '']);
});
