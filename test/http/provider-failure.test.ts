import { describe, expect } from '@jest/globals';
import { startGeminiEmulator } from '../../src/emulator/gemini/emulator.ts';
import { concurrentTest as test } from '../concurrent-test.ts';
import { freePort } from '../free-port.ts';
import { picture } from '../picture.ts';
import { exchange, openBody, post, say, silentProvider } from './requests.ts';
import { openStream, type SseClient } from './sse-client.ts';
import { afterTest, startTestServer, waitFor } from './test-server.ts';

describe('a key that the provider refuses', () => {
  const WRONG_KEY = 'AIza-wrong-key-0123456789';

  test('is told in a failure that says what to do; the stream stays open, and each POST tries again', async () => {
    const server = await startTestServer({ GOOGLE_API_KEY: WRONG_KEY }, { emulator: { apiKey: 'the-right-key' } });
    const stream = await openStream(`${server.url}/events/me`);
    expect(await stream.untilNamed('failure')).toEqual({
      code: 'model_key_refused',
      error: 'The model provider rejected the API key (the API key is not valid)',
      retry: false,
      hint: expect.stringContaining('GOOGLE_API_KEY'),
    });
    expect(stream.named('status').map(({ upstream }) => upstream)).toEqual(['connecting', 'failed']);

    for (const failures of [2, 3]) {
      await say(server, 'hello');
      await untilFailed(stream, failures);
    }
    expect(stream.ended).toBe(false);
    expect(stream.messages).toEqual([]);
    await stream.untilNamed('hb');
  });

  test('never appears on the wire nor in the log', async () => {
    const server = await startTestServer({ GOOGLE_API_KEY: WRONG_KEY }, { emulator: { apiKey: 'the-right-key' } });
    const stream = await openStream(`${server.url}/events/me`);
    await stream.untilNamed('failure');
    const answer = await post(server, { mime_type: 'text/plain', data: 'hello' });
    await untilFailed(stream, 2);
    await waitFor('the log', () => server.logs.some((line) => line.includes('model_key_refused')));
    expect(stream.text + answer.text + server.logs.join('')).not.toContain(WRONG_KEY);
  });

  test('tells a reader that comes later with the log that it replays', async () => {
    const server = await startTestServer({ GOOGLE_API_KEY: WRONG_KEY }, { emulator: { apiKey: 'the-right-key' } });
    const first = await openStream(`${server.url}/events/me`);
    const { epoch } = await first.untilNamed('session');
    await first.untilNamed('failure');
    const second = await openStream(`${server.url}/events/me?since=${epoch}.0`);
    expect(await second.untilNamed('failure')).toMatchObject({ code: 'model_key_refused' });
  });
});

describe('a provider that cannot be reached', () => {
  test('is told in a failure that may pass', async () => {
    const server = await startTestServer({ GOOGLE_GEMINI_BASE_URL: await nobody() }, { emulator: 'none' });
    const stream = await openStream(`${server.url}/events/me`);
    expect(await stream.untilNamed('failure')).toEqual({
      code: 'model_unreachable',
      error: 'The model provider cannot be reached (ECONNREFUSED)',
      retry: true,
      hint: expect.stringContaining('GOOGLE_GEMINI_BASE_URL'),
    });
    expect((await exchange(server, '/healthz')).status).toBe(200);
  });

  test('and then is there again answers what was typed meanwhile', async () => {
    const url = await nobody();
    const server = await startTestServer({ GOOGLE_GEMINI_BASE_URL: url }, { emulator: 'none' });
    const stream = await openStream(`${server.url}/events/me`);
    await stream.untilNamed('failure');
    await say(server, 'my favourite number is seven');
    await untilFailed(stream, 2);

    const emulator = await startGeminiEmulator({ port: Number(new URL(url).port), pace: 50, strict: true });
    afterTest(() => emulator.close());
    await say(server, 'what did I say?');
    const said = await stream.until('the answer', () => stream.messages.find(({ data }) => data?.includes('You said')));
    expect(said).toBeDefined();
    await stream.until('the whole answer', () =>
      stream.messages
        .map(({ data }) => data)
        .join('')
        .includes('You said: my favourite number is seven'),
    );
  });

  test('by a new reader is tried again, too', async () => {
    const server = await startTestServer({ GOOGLE_GEMINI_BASE_URL: await nobody() }, { emulator: 'none' });
    const first = await openStream(`${server.url}/events/me`);
    await first.untilNamed('failure');
    await openStream(`${server.url}/events/me`);
    await untilFailed(first, 2);
  });

  test('is not run down by a client that streams audio: after two failures the tries are apart', async () => {
    const server = await startTestServer({ GOOGLE_GEMINI_BASE_URL: await nobody() }, { emulator: 'none' });
    const stream = await openStream(`${server.url}/events/me`);
    await stream.untilNamed('failure');
    const data = Buffer.alloc(3_200).toString('base64');
    const began = Date.now();
    for (let posts = 0; posts < 50; posts += 1) await post(server, { mime_type: 'audio/pcm', data });
    // The second try is made at once, the third a second later.
    expect(stream.named('failure').length).toBeLessThanOrEqual(2 + (Date.now() - began) / 1000);
  });

  test('within MODEL_CONNECT_TIMEOUT_MS is given up', async () => {
    const server = await startTestServer(
      { GOOGLE_GEMINI_BASE_URL: await silentProvider(), MODEL_CONNECT_TIMEOUT_MS: '200' },
      { emulator: 'none' },
    );
    const stream = await openStream(`${server.url}/events/me`);
    expect(await stream.untilNamed('failure')).toMatchObject({
      code: 'model_unreachable',
      error: 'The model provider did not answer within 200 ms',
    });
  });
});

describe('a provider that takes nothing', () => {
  test('makes POSTs wait, up to a limit; beyond it they are refused with 429 and Retry-After', async () => {
    const server = await startTestServer({ GOOGLE_GEMINI_BASE_URL: await silentProvider() }, { emulator: 'none' });
    const stream = await openStream(`${server.url}/events/me`);
    await stream.untilNamed('session');
    const image = { mime_type: 'image/jpeg', data: picture('image/jpeg', 1024 * 1024) };
    const answers = [];
    for (let posts = 0; posts < 6; posts += 1) answers.push(await post(server, image));
    expect(answers.map(({ status }) => status).join(' ')).toMatch(/^(200 )+429( 429)*$/);
    const refused = answers.at(-1);
    expect(refused?.headers['retry-after']).toBe('1');
    expect(JSON.parse(refused?.text ?? '')).toMatchObject({ code: 'request_queue_full', retry: true });
    // There is room for less, though.
    await say(server, 'hello');
  });

  test('makes an endless body wait for longer than BODY_IDLE_MS, without a loss of the connection', async () => {
    const server = await startTestServer(
      { GOOGLE_GEMINI_BASE_URL: await silentProvider(), MODEL_CONNECT_TIMEOUT_MS: '2500', BODY_IDLE_MS: '1000' },
      { emulator: 'none' },
    );
    const stream = await openStream(`${server.url}/events/me`);
    await stream.untilNamed('session');
    const { sending, answer } = openBody(server, { 'Content-Type': 'audio/pcm' });
    // More than the request queue takes before the provider is given up.
    sending.end(Buffer.alloc(3 * 1024 * 1024));
    expect(await answer).toMatchObject({ status: 200 });
    expect(await stream.untilNamed('failure')).toMatchObject({ code: 'model_unreachable' });
  });
});

test('a provider that is lost in mid-answer ends the turn, and the conversation goes on over a new connection', async () => {
  const emulator = await startGeminiEmulator({ port: await freePort(), pace: 1.1, strict: true });
  const server = await startTestServer({ GOOGLE_GEMINI_BASE_URL: emulator.url }, { emulator: 'none' });
  const stream = await openStream(`${server.url}/events/me`);
  await stream.untilNamed('session');
  await say(server, 'count to thirty');
  await stream.until('some of the answer', () => stream.messages.length >= 2);
  await emulator.close();
  const again = await startGeminiEmulator({ port: emulator.port, pace: 50, strict: true });
  afterTest(() => again.close());
  expect((await stream.nextTurn()).slice(-2)).toEqual([
    { turn_complete: null, interrupted: true },
    { turn_complete: true, interrupted: null },
  ]);
  await stream.until('the new connection', () =>
    stream.named('status').some(({ upstream }) => upstream === 'reseeded'),
  );
  await say(server, 'what did I say?');
  await stream.until('the answer', () => stream.text.includes('You said'));
  expect(stream.named('failure')).toEqual([]);
});

test('a model that the provider does not have is told in a failure that names DEMO_AGENT_MODEL', async () => {
  const server = await startTestServer({ DEMO_AGENT_MODEL: 'imagined-live' });
  const stream = await openStream(`${server.url}/events/me`);
  expect(await stream.untilNamed('failure')).toMatchObject({
    code: 'model_not_found',
    retry: false,
    hint: expect.stringContaining('DEMO_AGENT_MODEL'),
  });
});

function untilFailed(stream: SseClient, failures: number): Promise<true> {
  return stream.until(`failure ${failures}`, () => stream.named('failure').length >= failures && true);
}

/** A base URL where nobody listens. */
async function nobody(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}`;
}
