import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { picture } from '../picture.ts';
import { openBareSocket } from './bare-socket.ts';
import { exchange } from './requests.ts';
import { HEARD_UTTERANCE, utterance } from './speech.ts';
import { openStream } from './sse-client.ts';
import { startTestServer, type TestServer } from './test-server.ts';
import { HANDSHAKE } from './ws-client.ts';

const PAGE = '/run_live?app_name=google_search_agent&user_id=ann&session_id=s1';
const isComplete = ({ turnComplete }: Record<string, unknown>) => turnComplete === true;

/** The words of all finished transcripts of the agent. */
const wordsOf = (messages: readonly Record<string, unknown>[]) =>
  messages
    .map(({ outputTranscription }) => outputTranscription as { text: string; finished: boolean } | undefined)
    .flatMap((words) => (words?.finished ? [words.text] : []))
    .join(' ');

/** Opens a page that the server refuses. @returns its message, and how the WebSocket was closed */
async function refusedBy(server: TestServer, path: string): Promise<Record<string, unknown>> {
  const page = await openBareSocket(server, path);
  const [code, reason] = (await once(page.socket, 'close')) as [number, Buffer];
  // A page on /ws may be one of AgentScope, which gets words of its own.
  const messages = page.messages.filter(({ type }) => type === undefined);
  expect(messages).toHaveLength(1);
  return { code, reason: String(reason), ...messages[0] };
}

describe("WS /run_live, the address of ADK's dev page,", () => {
  test('takes blobs of audio and pictures in snake_case, and answers with Events and speech', async () => {
    const server = await startTestServer();
    const page = await openBareSocket(server, PAGE);
    const pcm = utterance();
    page.send({ blob: { mime_type: 'image/jpeg', data: picture('image/jpeg') } });
    for (let at = 0; at < pcm.length; at += 8_000) {
      page.send({ blob: { mime_type: 'audio/pcm;rate=16000', data: pcm.toString('base64', at, at + 8_000) } });
    }
    await page.until(isComplete);
    expect(wordsOf(page.messages)).toMatch(HEARD_UTTERANCE);
    expect(page.messages.some((event) => JSON.stringify(event).includes('"inlineData"'))).toBe(true);
  });

  test('names user and session in its query, and shares the session with every other door', async () => {
    const server = await startTestServer();
    const stream = await openStream(`${server.url}/events/ann/s1?is_audio=true&audio=none`);
    await stream.untilNamed('session');
    const page = await openBareSocket(server, `${PAGE}&modalities=AUDIO`);
    page.send({ content: { parts: [{ text: 'count to two' }] } });
    await page.until(isComplete);
    expect(await stream.nextAnswer()).toBe('One, two.');
  });

  test('answers in text with modalities=TEXT', async () => {
    const server = await startTestServer();
    const page = await openBareSocket(server, `${PAGE}&modalities=TEXT`);
    page.send({ content: { role: 'user', parts: [{ text: 'count to two' }] } });
    await page.until(isComplete);
    expect(JSON.stringify(page.messages)).toContain('"parts":[{"text":"One, two."}]');
  });

  test('applies the settings of its query, in all spellings of ADK', async () => {
    const server = await startTestServer({ DEMO_AGENT_MODEL: 'gemini-2.5-flash-native-audio-preview-12-2025' });
    const query = 'proactive_audio=True&enable_affective_dialog=1&enable_session_resumption=on&save_live_blob=False';
    const page = await openBareSocket(server, `${PAGE}&${query}&explicit_vad_signal=`);
    page.send({ content: { parts: [{ text: 'count to two' }] } });
    await page.until(isComplete);
    expect(server.upstream?.setups).toMatchObject([
      { proactivity: { proactiveAudio: true }, generationConfig: { enableAffectiveDialog: true } },
    ]);
  });

  test('needs no app_name, and no session', async () => {
    const server = await startTestServer();
    const page = await openBareSocket(server, '/run_live/?user_id=ann');
    page.send({ content: { parts: [{ text: 'count to two' }] } });
    await page.until(isComplete);
    const { text } = await exchange(server, '/poll/ann?wait=0');
    expect(text).toContain('"session_id":"default"');
  });

  test('ends with 1000 when its client closes the session', async () => {
    const server = await startTestServer();
    const page = await openBareSocket(server, PAGE);
    page.send({ close: true });
    const [code] = await once(page.socket, 'close');
    expect(code).toBe(1000);
  });

  test.each([
    ['app_name=other', /^app_name must be google_search_agent/],
    ['modalities=VIDEO', /^modalities must be AUDIO or TEXT/],
    ['modalities=TEXT&modalities=AUDIO', /^modalities must be AUDIO or TEXT, and not both/],
    ['proactive_audio=perhaps', /^proactive_audio must be true or false/],
    ['enable_session_resumption=false', /^enable_session_resumption must be true or absent/],
    ['save_live_blob=true', /^save_live_blob must be false or absent/],
    ['explicit_vad_signal=true', /^RunConfig\.explicitVadSignal: /],
    ['enable_affective_dialog=true', /^RunConfig\.enableAffectiveDialog: /],
  ])('tells the page in words why it refuses %s, and closes with 1008', async (query, words) => {
    const server = await startTestServer();
    const { code, reason, errorMessage } = await refusedBy(server, `/run_live?user_id=ann&session_id=s1&${query}`);
    expect(code).toBe(1008);
    expect(reason).toMatch(words);
    expect(Buffer.byteLength(String(reason))).toBeLessThanOrEqual(123);
    expect(String(errorMessage).startsWith(String(reason))).toBe(true);
  });

  test('tells the page that the server has no session left, with 1011', async () => {
    const server = await startTestServer({ MAX_SESSIONS: '1' });
    await openStream(`${server.url}/events/somebody`);
    expect(await refusedBy(server, PAGE)).toMatchObject({ code: 1011, errorCode: 'too_many_sessions' });
    expect(await refusedBy(server, '/ws/demo-user/demo-session-1')).toMatchObject({ code: 1011 });
  });

  test.each([
    ['/run_live?session_id=s1', {}, { status: 400, code: 'invalid_id', error: 'The user id is missing' }],
    ['/run_live?user_id=-&session_id=s1', {}, { status: 400, code: 'invalid_id', error: 'The user id is not valid' }],
    [PAGE, { Origin: 'http://elsewhere.example' }, { status: 403, code: 'origin_not_allowed' }],
    [PAGE, { Host: 'elsewhere.example' }, { status: 403, code: 'host_not_allowed' }],
  ])('refuses %s with %j before the handshake', async (path, headers, expected) => {
    const server = await startTestServer();
    const answer = await exchange(server, path, { headers: { ...HANDSHAKE, ...headers } });
    expect({ status: answer.status, ...JSON.parse(answer.text) }).toMatchObject(expected);
  });

  test('answers a plain request with 426', async () => {
    const server = await startTestServer();
    expect(await exchange(server, PAGE)).toMatchObject({ status: 426 });
    expect(await exchange(server, PAGE, { method: 'POST' })).toMatchObject({ status: 405 });
    expect(await exchange(server, '/run_live/ann')).toMatchObject({ status: 404 });
  });

  test('opens with a ticket where the server requires credentials', async () => {
    const server = await startTestServer({ AUTH: 'token', AUTH_TOKENS: 'ann:ann-0123456789abcdef' });
    const headers = { Authorization: 'Bearer ann-0123456789abcdef' };
    const { text } = await exchange(server, '/tickets/ann/s1', { method: 'POST', headers });
    const page = await openBareSocket(server, `${PAGE}&ticket=${JSON.parse(text).ticket}`);
    page.send({ content: { parts: [{ text: 'count to two' }] } });
    await page.until(isComplete);
    expect(await exchange(server, PAGE, { headers: HANDSHAKE })).toMatchObject({ status: 401 });
  });
});
