import { describe, expect, test } from '@jest/globals';
import { openBareSocket } from './bare-socket.ts';
import { say } from './requests.ts';
import { HEARD_UTTERANCE, utterance } from './speech.ts';
import { startTestServer } from './test-server.ts';

const text = (data: string) => ({ mime_type: 'text/plain', data });
const isComplete = ({ turn_complete: complete }: Record<string, unknown>) => complete === true;

describe('a WebSocket without a client name', () => {
  test('gets the unnamed messages as they are, and nothing else', async () => {
    const server = await startTestServer();
    const socket = await openBareSocket(server, '/ws/7?is_audio=false');
    socket.send(text('what time is it?'));
    expect(await socket.until(isComplete)).toEqual({ turn_complete: true, interrupted: null });
    const keys = new Set(socket.messages.flatMap((message) => Object.keys(message)));
    expect([...keys].sort()).toEqual(['data', 'interrupted', 'mime_type', 'turn_complete']);
    expect(socket.messages.map(({ data }) => data ?? '').join('')).toMatch(/^It is /);
  });

  test('with is_audio=true gets speech and its transcript, and sends speech as JSON or as binary frames', async () => {
    const server = await startTestServer();
    const socket = await openBareSocket(server, '/ws/7?is_audio=true');
    socket.send({ mime_type: 'audio/pcm', data: utterance().toString('base64') });
    await socket.until(isComplete);
    const types = new Set(socket.messages.map(({ mime_type: type }) => type));
    expect(types).toEqual(new Set(['audio/pcm', 'text/plain', undefined]));
    const words = socket.messages.filter((message) => message.is_transcript === true);
    expect(words.map(({ data }) => data).join('')).toMatch(HEARD_UTTERANCE);
    const seen = socket.messages.length;
    socket.send(utterance());
    await socket.until(isComplete, seen);
  });

  test('gets a refusal as a message with error and code, and the session continues', async () => {
    const server = await startTestServer();
    const socket = await openBareSocket(server, '/ws/7');
    for (const [frame, code] of [
      ['{', 'malformed_json'],
      [{ mime_type: 'video/mp4', data: 'AAAA' }, 'unsupported_mime_type'],
      [{ client: 'a', cseq: 1, items: [] }, 'malformed_item'],
      [Buffer.alloc(3), 'odd_pcm_length'],
    ] as const) {
      const seen = socket.messages.length;
      socket.send(frame);
      expect(await socket.until(() => true, seen)).toMatchObject({ code, error: expect.any(String) });
    }
    socket.send(text('count to two'));
    await socket.until(isComplete);
    expect(socket.messages.some(({ data }) => data === 'One, two.' || data === 'One, ')).toBe(true);
  });

  test('is muted by a newer one of the same session, and can still send', async () => {
    const server = await startTestServer();
    const older = await openBareSocket(server, '/ws/7');
    const newer = await openBareSocket(server, '/ws/7');
    older.send(text('count to two'));
    await newer.until(isComplete);
    expect(older.messages).toEqual([]);
    expect(older.socket.readyState).toBe(older.socket.OPEN);
    const elsewhere = await openBareSocket(server, '/ws/8');
    newer.send(text('count to two'));
    await newer.until(isComplete, newer.messages.length);
    expect(elsewhere.messages).toEqual([]);
  });

  test('shares its session with every other door', async () => {
    const server = await startTestServer();
    const socket = await openBareSocket(server, '/ws/me');
    await say(server, 'count to two');
    await socket.until(isComplete);
  });
});
