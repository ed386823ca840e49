import { expect, test } from '@jest/globals';
import { cuttableLine } from '../http/cuttable-line.ts';
import { speech, utterance } from '../http/speech.ts';
import { type PlainMessage, textOf } from '../http/sse-client.ts';
import { startTestServer, type TestServerOptions, waitFor } from '../http/test-server.ts';
import { SamplePage } from './sample-page.ts';

/** Size of 200 ms of the microphone's audio, in bytes. */
const FLUSH_BYTES = 6_400;
const TURN_COMPLETE = { turn_complete: true, interrupted: null };
const INTERRUPTED = { turn_complete: null, interrupted: true };

test("ADK's SSE sample page receives only its own messages in answer to a typed text", async () => {
  const page = await openPage();
  expect(page).toMatchObject({ notice: 'Connection opened', sendButtonDisabled: false });
  await page.submit('hello');
  await untilTurns(page, 1);
  const pieces = page.received.slice(0, -1);
  expect(pieces.length).toBeGreaterThan(1);
  for (const piece of pieces) expect(piece).toEqual({ mime_type: 'text/plain', data: expect.any(String) });
  expect(page.received.at(-1)).toEqual(TURN_COMPLETE);

  const answer = textOf(pieces);
  expect(answer).toMatch(/^Hello! I am the offline agent\./);
  expect(page.paragraphs).toEqual(['> hello', answer]);
});

test("ADK's SSE sample page shows a paragraph for each reply to consecutive texts", async () => {
  const page = await openPage();
  await page.submit('count to two');
  await untilTurns(page, 1);
  await page.submit('thank you');
  await untilTurns(page, 2);
  expect(page.paragraphs).toEqual(['> count to two', 'One, two.', '> thank you', 'You are welcome.']);
});

test("ADK's SSE sample page reports a lost connection and continues after its wait", async () => {
  const server = await startTestServer();
  const line = await cuttableLine(server);
  const page = new SamplePage(line.url, 50);
  page.connect();
  await waitFor('the connection', () => page.notice === 'Connection opened');
  await page.submit('count to two');
  await untilTurns(page, 1);
  line.cut();
  await waitFor('the loss', () => page.notice === 'Connection closed');
  expect(page.sendButtonDisabled).toBe(true);

  await waitFor('the new connection', () => page.notice === 'Connection opened');
  await page.submit('what did I say?');
  await untilTurns(page, 2);
  // The page forgets what it showed; the agent does not.
  expect(page.paragraphs).toEqual(['> what did I say?', 'You said: count to two']);
  expect(page.errors).toBe(1);
});

test("ADK's SSE sample page plays the agent's speech and shows the words once after audio was started", async () => {
  const page = await openPage();
  page.startAudio();
  await waitFor('the second connection', () => page.eventSource?.readyState === 1);
  const microphone = utterance();
  for (let at = 0; at < microphone.length; at += FLUSH_BYTES) {
    await page.sendAudio(microphone.subarray(at, at + FLUSH_BYTES));
  }
  await untilTurns(page, 1);

  for (const message of page.received.slice(0, -1)) {
    expect([
      { mime_type: 'audio/pcm', data: expect.any(String) },
      { mime_type: 'text/plain', data: expect.any(String), is_transcript: true },
    ]).toContainEqual(message);
  }
  expect(page.received.at(-1)).toEqual(TURN_COMPLETE);
  expect(page.paragraphs).toEqual([expect.stringMatching(/^You spoke for [a-z ]+ seconds?\. This is what I heard\.$/)]);
  // Whole 16-bit samples, and more than the second that it plays back, at 24 kHz.
  const chunks = page.played.filter((chunk) => chunk !== 'endOfAudio');
  expect(chunks.filter((chunk) => chunk.length % 2 !== 0)).toEqual([]);
  expect(chunks.reduce((sum, chunk) => sum + chunk.length, 0)).toBeGreaterThan(24_000 * 2);
  expect(page.errors).toBe(0);
});

test("ADK's SSE sample page receives interrupted and then turn_complete when the user speaks into a reply", async () => {
  const page = await openPage({ emulator: { pace: 1.1 } });
  page.startAudio();
  await waitFor('the second connection', () => page.eventSource?.readyState === 1);
  await page.submit('count to thirty');
  await waitFor('some speech', () => page.played.length > 2);
  await page.sendAudio(speech(0.5));
  await untilTurns(page, 1);

  expect(page.received.slice(-2)).toEqual([INTERRUPTED, TURN_COMPLETE]);
  expect(page.received.filter((message) => message.interrupted)).toHaveLength(1);
  expect(page.played.at(-1)).toBe('endOfAudio');
  expect(page.paragraphs.at(-1)).not.toContain('thirty');
});

test("ADK's SSE sample page receives neither named events nor an error while tools run and a run fails", async () => {
  const page = await openPage();
  await page.submit('what time is it?');
  await untilTurns(page, 1);
  await waitFor('the first heartbeat', () => page.namedEvents.has('hb'));
  expect([...page.namedEvents].sort()).toEqual(['hb', 'session', 'status', 'tool_call', 'tool_result', 'usage']);
  expect(page.received.filter((message) => !isOfTheSample(message))).toEqual([]);
  expect(page.errors).toBe(0);

  const refused = await openPage({ emulator: { apiKey: 'another key' } });
  await waitFor('the failure', () => refused.namedEvents.has('failure'));
  await refused.submit('hello');
  expect(refused).toMatchObject({ received: [], errors: 0, notice: 'Connection opened', failedToSend: [] });
});

test("ADK's SSE sample page receives an error status when it sends without a session", async () => {
  const server = await startTestServer();
  const page = new SamplePage(server.url);
  await page.submit('hello');
  expect(page.failedToSend).toEqual(['Not Found']);
});

async function openPage(options: TestServerOptions = {}): Promise<SamplePage> {
  const server = await startTestServer({}, options);
  const page = new SamplePage(server.url);
  page.connect();
  await waitFor('the connection', () => page.notice === 'Connection opened');
  return page;
}

async function untilTurns(page: SamplePage, turns: number): Promise<void> {
  await waitFor(`turn ${turns}`, () => page.received.filter((message) => message.turn_complete).length >= turns);
}

function isOfTheSample(message: PlainMessage): boolean {
  return 'turn_complete' in message || message.mime_type === 'text/plain' || message.mime_type === 'audio/pcm';
}
