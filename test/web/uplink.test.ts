import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { decodeBase64 } from '../../src/web/base64.ts';
import { Uplink, type UplinkItem } from '../../src/web/uplink.ts';

/** A server of which the test decides, for each POST, when and how it answers. */
function fakeServer() {
  const bodies: unknown[] = [];
  const pending: PromiseWithResolvers<Response>[] = [];
  const failures: string[] = [];
  let droppedMs = 0;
  const uplink = new Uplink({
    post(body, signal) {
      bodies.push(JSON.parse(body));
      const answer = Promise.withResolvers<Response>();
      signal.addEventListener('abort', () => answer.reject(signal.reason));
      pending.push(answer);
      return answer.promise;
    },
    onFailure: (error) => failures.push(error),
    onAudioDropped: (ms) => {
      droppedMs += ms;
    },
    onSent: () => undefined,
  });
  return {
    uplink,
    bodies,
    failures,
    get droppedMs() {
      return droppedMs;
    },
    async answer(status = 200, body: unknown = { status: 'sent' }) {
      pending.shift()?.resolve(Response.json(body, { status }));
      await jest.advanceTimersByTimeAsync(0);
    },
    async cut() {
      pending.shift()?.reject(new TypeError('network'));
      await jest.advanceTimersByTimeAsync(0);
    },
  };
}

const text = (data: string): UplinkItem => ({ mime_type: 'text/plain', data });
const audio = (ms: number, value = 1) => new Int16Array(16 * ms).fill(value);

/** The samples of an audio item. */
function samples(item: unknown): number[] {
  const { data } = item as { data: string };
  return Array.from(new Int16Array(decodeBase64(data).buffer));
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

test('uplink: until released, nothing is posted, then everything in order', async () => {
  const { uplink, bodies } = fakeServer();
  void uplink.send(text('a'));
  void uplink.send(text('b'));
  await jest.advanceTimersByTimeAsync(1_000);
  expect(bodies).toEqual([]);
  uplink.release();
  expect(bodies).toEqual([[text('a'), text('b')]]);
});

test('uplink: while a POST is in flight, the rest waits and goes with the next one', async () => {
  const server = fakeServer();
  const { uplink, bodies } = server;
  uplink.release();
  void uplink.send(text('a'));
  void uplink.send(text('b'));
  void uplink.send({ audio_stream_end: true });
  expect(bodies).toEqual([text('a')]);
  await server.answer();
  expect(bodies).toEqual([text('a'), [text('b'), { audio_stream_end: true }]]);
});

test('uplink: audio around text, neighbours become one item and the order stays', async () => {
  const { uplink, bodies } = fakeServer();
  uplink.sendAudio([audio(20, 1)]);
  uplink.sendAudio([audio(20, 2)]);
  void uplink.send(text('now'));
  uplink.sendAudio([audio(20, 3)]);
  uplink.release();
  const [first, second, third] = bodies[0] as unknown[];
  expect(samples(first)).toEqual([...audio(20, 1), ...audio(20, 2)]);
  expect(second).toEqual(text('now'));
  expect(samples(third)).toEqual([...audio(20, 3)]);
});

test('uplink: network error, the same is tried again and arrives', async () => {
  const server = fakeServer();
  const { uplink, bodies, failures } = server;
  uplink.release();
  const arrived = uplink.send(text('a'));
  await server.cut();
  void uplink.send(text('b'));
  await jest.advanceTimersByTimeAsync(500);
  expect(bodies).toEqual([text('a'), text('a')]);
  await server.answer();
  expect(await arrived).toBe(true);
  expect(bodies[2]).toEqual(text('b'));
  expect(failures).toEqual([]);
});

test('uplink: an error that says retry, is tried again; one that does not, is given up and said in words', async () => {
  const server = fakeServer();
  const { uplink, bodies, failures } = server;
  uplink.release();
  const arrived = uplink.send(text('a'));
  await server.answer(404, { error: 'Session not found', code: 'session_not_found', retry: true });
  await jest.advanceTimersByTimeAsync(500);
  await server.answer(413, { error: 'The body is too large', retry: false, hint: 'send smaller pieces' });
  expect(await arrived).toBe(false);
  expect(bodies.length).toBe(2);
  expect(failures).toEqual(['The body is too large. Send smaller pieces.']);
});

test("uplink: a proxy's page instead of our JSON, 502 is tried again and 403 is not", async () => {
  const server = fakeServer();
  const { uplink, bodies, failures } = server;
  uplink.release();
  void uplink.send(text('a'));
  await server.answer(502, '<html>');
  await jest.advanceTimersByTimeAsync(500);
  await server.answer(403, '<html>');
  await jest.advanceTimersByTimeAsync(60_000);
  expect(bodies.length).toBe(2);
  expect(failures).toEqual(['The server answered 403.']);
});

test('uplink: no answer for 8 s, the POST is aborted and tried again', async () => {
  const { uplink, bodies } = fakeServer();
  uplink.release();
  void uplink.send(text('a'));
  await jest.advanceTimersByTimeAsync(7_900);
  expect(bodies.length).toBe(1);
  await jest.advanceTimersByTimeAsync(700);
  expect(bodies.length).toBe(2);
});

test('uplink: server gone, text is given up after half a minute', async () => {
  const server = fakeServer();
  server.uplink.release();
  const arrived = server.uplink.send(text('a'));
  for (let s = 0; s < 40; s++) {
    await server.cut();
    await jest.advanceTimersByTimeAsync(1_000);
  }
  expect(await arrived).toBe(false);
  expect(server.failures).toEqual(['The server cannot be reached.']);
});

test('uplink: held while the server is gone, text is kept for as long as it takes', async () => {
  const server = fakeServer();
  const { uplink, bodies, failures } = server;
  uplink.release();
  const arrived = uplink.send(text('a'));
  uplink.hold();
  await server.cut();
  await jest.advanceTimersByTimeAsync(600_000);
  expect(bodies.length).toBe(1);
  void uplink.send(text('b'));
  uplink.release();
  await server.answer();
  expect(bodies[1]).toEqual([text('a'), text('b')]);
  expect(await arrived).toBe(true);
  expect(failures).toEqual([]);
});

test('uplink: more than 2 s of audio waits, the oldest is dropped and said; text is not', async () => {
  const server = fakeServer();
  const { uplink, bodies } = server;
  void uplink.send(text('first'));
  for (let i = 0; i < 30; i++) uplink.sendAudio([audio(100, i)]);
  uplink.release();
  const [first, second] = bodies[0] as unknown[];
  expect(first).toEqual(text('first'));
  const waiting = samples(second);
  expect(waiting.length).toBe(2 * 16_000);
  expect(waiting[0]).toBe(10);
  expect(waiting.at(-1)).toBe(29);
  expect(server.droppedMs).toBe(1_000);
});

test('uplink: audio of a POST that failed, grows stale with what is said meanwhile', async () => {
  const server = fakeServer();
  const { uplink, bodies } = server;
  uplink.release();
  uplink.sendAudio([audio(500, 1)]);
  await server.cut();
  for (let i = 0; i < 20; i++) uplink.sendAudio([audio(100, 2)]);
  await jest.advanceTimersByTimeAsync(500);
  // All of the failed batch is too old by now, and the 2 s after it go instead.
  expect(samples(bodies[1])).toEqual([...audio(2_000, 2)]);
  expect(server.droppedMs).toBe(500);
});

test('uplink: audio that is forgotten, is not sent', async () => {
  const { uplink, bodies } = fakeServer();
  uplink.sendAudio([audio(100)]);
  void uplink.send(text('a'));
  uplink.forgetAudio();
  uplink.release();
  expect(bodies).toEqual([text('a')]);
});

test('uplink: more than a body may hold, goes in several', async () => {
  const server = fakeServer();
  const { uplink, bodies } = server;
  uplink.maxBody = 300;
  for (const letter of ['a', 'b', 'c']) void uplink.send(text(letter.repeat(200)));
  uplink.release();
  await server.answer();
  await server.answer();
  expect(bodies).toEqual(['a', 'b', 'c'].map((letter) => text(letter.repeat(200))));
});
