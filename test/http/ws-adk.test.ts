import { describe, expect, test } from '@jest/globals';
import { Agent } from '../../src/agent/agent.ts';
import { picture } from '../picture.ts';
import { type BareSocket, openBareSocket } from './bare-socket.ts';
import { exchange } from './requests.ts';
import { HEARD_UTTERANCE, speech, utterance } from './speech.ts';
import { startTestServer } from './test-server.ts';

const DOOR = '/ws/demo-user/demo-session-1';
const NATIVE = { DEMO_AGENT_MODEL: 'gemini-2.5-flash-native-audio-preview-12-2025' };

interface SeenEvent {
  readonly author: string;
  readonly content?: { parts?: { text?: string; inlineData?: { mimeType: string; data: string } }[] };
  readonly outputTranscription?: { text: string; finished: boolean };
  readonly inputTranscription?: { text: string; finished: boolean };
  readonly turnComplete?: boolean;
  readonly errorCode?: string;
  readonly errorMessage?: string;
}

const isComplete = ({ turnComplete }: Record<string, unknown>) => turnComplete === true;
const eventsOf = (socket: BareSocket) => socket.messages as unknown as SeenEvent[];
const spoken = (socket: BareSocket) =>
  eventsOf(socket).flatMap(({ outputTranscription: words }) => (words?.finished ? [words.text] : []));
const hasAudio = (socket: BareSocket) =>
  eventsOf(socket).some(({ content }) => content?.parts?.some(({ inlineData }) => inlineData));

describe('a WebSocket that names user and session and nothing else', () => {
  test('gets Events of ADK, and speech for text', async () => {
    const server = await startTestServer();
    const socket = await openBareSocket(server, DOOR);
    socket.send({ type: 'text', text: 'count to two' });
    await socket.until(isComplete);
    expect(spoken(socket)).toEqual(['One, two.']);
    expect(hasAudio(socket)).toBe(true);
    for (const message of socket.messages) {
      expect(message).toMatchObject({
        id: expect.any(String),
        author: expect.any(String),
        invocationId: expect.any(String),
      });
      expect(message).not.toHaveProperty('status');
    }
    // The page replaces the increments by the whole text: it must be their sum.
    const increments = eventsOf(socket).flatMap(({ outputTranscription: words }) =>
      words && !words.finished ? [words.text] : [],
    );
    expect(increments.join('')).toBe('One, two.');
  });

  test('hears binary frames of 256 bytes, and shows what the user said once as a whole', async () => {
    const server = await startTestServer();
    const socket = await openBareSocket(server, DOOR);
    const pcm = utterance();
    for (let at = 0; at < pcm.length; at += 256) socket.send(pcm.subarray(at, at + 256));
    await socket.until(isComplete);
    expect(spoken(socket).join('')).toMatch(HEARD_UTTERANCE);
    const heard = eventsOf(socket).filter(({ inputTranscription: words }) => words?.finished);
    expect(heard.map(({ author }) => author)).toEqual(['user']);
  });

  test('shows a picture to the model', async () => {
    const server = await startTestServer();
    const socket = await openBareSocket(server, DOOR);
    socket.send({ type: 'image', data: picture('image/jpeg'), mimeType: 'image/jpeg' });
    socket.send({ type: 'text', text: 'what do you see?' });
    await socket.until(isComplete);
    expect(spoken(socket).join('')).toMatch(/jpeg|picture|image/i);
  });

  test('of an agent with push-to-talk marks where the user speaks, with speech in messages and in binary frames', async () => {
    const agent = new Agent({
      name: 'google_search_agent',
      runConfig: { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } },
    });
    const server = await startTestServer({}, { agent });
    const socket = await openBareSocket(server, DOOR);
    const pcm = speech(1);
    const half = pcm.length / 2;
    for (const isBinary of [false, true]) {
      const seen = socket.messages.length;
      socket.send({ type: 'activity_start' });
      for (const piece of [pcm.subarray(0, half), pcm.subarray(half)]) {
        const data = piece.toString('base64');
        socket.send(isBinary ? piece : { type: 'audio', mime_type: 'audio/pcm;rate=16000', data });
      }
      socket.send({ type: 'activity_end' });
      await socket.until(isComplete, seen);
    }
    expect(spoken(socket).join(' ')).toMatch(/^You spoke for one second\..*You spoke for one second\./);
    expect(socket.messages.filter((message) => 'errorCode' in message)).toEqual([]);
  });

  test('gets text with is_audio=false, the whole of it after its increments, as from ADK', async () => {
    const server = await startTestServer();
    const socket = await openBareSocket(server, `${DOOR}?is_audio=false`);
    socket.send({ content: { parts: [{ text: 'count to two' }] } });
    await socket.until(isComplete);
    const texts = eventsOf(socket).flatMap((event) =>
      (event.content?.parts ?? []).map(({ text }) => ({ text, partial: 'partial' in event })),
    );
    expect(texts.at(-1)).toEqual({ text: 'One, two.', partial: false });
    expect(texts.slice(0, -1).every(({ partial }) => partial)).toBe(true);
    expect(
      texts
        .slice(0, -1)
        .map(({ text }) => text)
        .join(''),
    ).toBe('One, two.');
  });

  test('gets the refusal of a message as an Event with an error, and the session continues', async () => {
    const server = await startTestServer();
    const socket = await openBareSocket(server, DOOR);
    for (const [frame, code] of [
      ['{', 'malformed_json'],
      [{ mime_type: 'text/plain', data: 'hi' }, 'malformed_item'],
      [{ type: 'client_session_create', session_id: 's' }, 'malformed_item'],
      [{ client: 'a', cseq: 1, items: [] }, 'malformed_item'],
      [Buffer.alloc(3), 'odd_pcm_length'],
    ] as const) {
      const seen = socket.messages.length;
      socket.send(frame);
      expect(await socket.until(() => true, seen)).toMatchObject({ errorCode: code, author: 'google_search_agent' });
    }
    socket.send({ type: 'text', text: 'count to two' });
    await socket.until(isComplete);
  });

  test('ignores settings that the model has not, and says so', async () => {
    const server = await startTestServer();
    const socket = await openBareSocket(server, `${DOOR}?proactivity=true&affective_dialog=true`);
    const { errorCode, errorMessage } = await socket.until(() => true);
    expect(errorCode).toBe('invalid_run_config');
    expect(errorMessage).toMatch(/enableAffectiveDialog: gemini-live-2.5-flash-preview has none/);
    socket.send({ type: 'text', text: 'count to two' });
    await socket.until(isComplete);
  });

  test('switches settings on and, without them in the query, off again', async () => {
    const server = await startTestServer(NATIVE);
    for (const query of ['?proactivity=true&affective_dialog=true', '']) {
      const socket = await openBareSocket(server, DOOR + query);
      socket.send({ type: 'text', text: 'count to two' });
      await socket.until(isComplete);
      expect(socket.messages.filter((message) => 'errorCode' in message)).toEqual([]);
      socket.socket.close();
    }
    const setups = server.upstream?.setups as Record<string, Record<string, unknown>>[];
    expect(
      setups.map(({ proactivity, generationConfig }) => [proactivity, generationConfig?.enableAffectiveDialog]),
    ).toEqual([
      [{ proactiveAudio: true }, true],
      [undefined, undefined],
    ]);
  });

  test('gets the plain dialect with dialect=plain, and the objects of a client with client', async () => {
    const server = await startTestServer();
    const plain = await openBareSocket(server, `${DOOR}?dialect=plain&is_audio=false`);
    plain.send({ mime_type: 'text/plain', data: 'count to two' });
    await plain.until(({ turn_complete: complete }) => complete === true);
    const named = await openBareSocket(server, `${DOOR}?client=a`);
    expect(await named.until(() => true)).toMatchObject({ event: 'session', data: { client: 'a' } });
    const adk = await openBareSocket(server, `${DOOR}?client=b&dialect=adk`);
    adk.send({ type: 'text', text: 'count to two' });
    const { data } = await adk.until(({ data: event }) => (event as SeenEvent).turnComplete === true);
    expect(data).toMatchObject({ author: 'google_search_agent' });
  });

  test('gets the failure of a run as an Event with an error, and stays open', async () => {
    const server = await startTestServer({ GOOGLE_API_KEY: 'wrong' }, { emulator: { apiKey: 'right' } });
    const socket = await openBareSocket(server, DOOR);
    const failure = await socket.until(({ errorCode }) => errorCode !== undefined);
    expect(failure).toMatchObject({ author: 'google_search_agent', errorCode: 'model_key_refused' });
    expect(failure.errorMessage).toMatch(/^The model provider rejected the API key .*GOOGLE_API_KEY/);
    expect(socket.socket.readyState).toBe(socket.socket.OPEN);
  });

  test('is muted by a newer one, and the newer continues the conversation where the older one was', async () => {
    const server = await startTestServer();
    const older = await openBareSocket(server, DOOR);
    older.send({ type: 'text', text: 'count to two' });
    await older.until(isComplete);
    const seen = older.messages.length;
    const newer = await openBareSocket(server, DOOR);
    newer.send({ type: 'text', text: 'count to three' });
    await newer.until(isComplete);
    expect(spoken(newer)).toEqual(['One, two, three.']);
    expect(older.messages).toHaveLength(seen);
  });

  test('is refused before the handshake for a value that is not one', async () => {
    const server = await startTestServer();
    const headers = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    };
    const { status, text } = await exchange(server, `${DOOR}?proactivity=perhaps`, { headers });
    expect(status).toBe(400);
    expect(text).toContain('proactivity must be true or false');
  });
});
