import { describe, expect, test } from '@jest/globals';
import { post, say } from '../http/requests.ts';
import { openSession } from '../http/sessions.ts';
import { speech } from '../http/speech.ts';
import { openStream, textOf } from '../http/sse-client.ts';
import { startTestServer } from '../http/test-server.ts';

const INTERRUPTED = { turn_complete: null, interrupted: true };
const TURN_COMPLETE = { turn_complete: true, interrupted: null };
/** The pace of speech: what interrupts it finds the agent speaking. */
const SPEAKING = { emulator: { pace: 1.1 } };
const word = { mime_type: 'audio/pcm', data: speech(0.5).toString('base64') };

describe('pain 13: "an interruption is not reported, and the audio continues":', () => {
  test('when speech interrupts speech whose transcript is pending, interrupted precedes turn_complete and no audio follows', async () => {
    const server = await startTestServer({}, SPEAKING);
    const stream = await openStream(`${server.url}/events/me?is_audio=true`);
    await stream.untilNamed('session');
    await say(server, 'count to thirty');
    await stream.until('some speech', () => stream.messages.filter(({ mime_type }) => mime_type === 'audio/pcm')[3]);
    await post(server, word);
    const turn = await stream.nextTurn();
    expect(turn.slice(-2)).toEqual([INTERRUPTED, TURN_COMPLETE]);
    expect(turn.filter(({ interrupted }) => interrupted)).toHaveLength(1);
    expect(textOf(turn)).not.toContain('thirty');
    const at = stream.messages.findIndex(({ interrupted }) => interrupted);
    expect(stream.messages.slice(at + 1)[0]).toEqual(TURN_COMPLETE);
  });

  test('when speech interrupts a text answer with a pending piece, interrupted is sent as well', async () => {
    const { server, stream } = await openSession({}, SPEAKING);
    await say(server, 'count to thirty');
    await stream.until('some text', () => stream.messages[1]);
    await post(server, word);
    expect((await stream.nextTurn()).slice(-2)).toEqual([INTERRUPTED, TURN_COMPLETE]);
  });

  test('when typed text interrupts an answer, interrupted is sent and then the answer to the text', async () => {
    const { server, stream } = await openSession({}, SPEAKING);
    await say(server, 'count to thirty');
    await stream.until('some text', () => stream.messages[1]);
    await say(server, 'thank you');
    expect((await stream.nextTurn()).slice(-2)).toEqual([INTERRUPTED, TURN_COMPLETE]);
    expect(await stream.nextAnswer()).toBe('You are welcome.');
  });

  test('a reader that resumes later receives interrupted and none of the discarded audio', async () => {
    const server = await startTestServer({}, SPEAKING);
    const first = await openStream(`${server.url}/events/me?is_audio=true`);
    const { epoch } = await first.untilNamed('session');
    await say(server, 'count to thirty');
    await first.until('some speech', () => first.messages.filter(({ mime_type }) => mime_type === 'audio/pcm')[3]);
    await post(server, word);
    await first.nextTurn();
    const late = await openStream(`${server.url}/events/me?since=${epoch}.0`);
    const turn = await late.nextTurn();
    expect(turn.slice(-2)).toEqual([INTERRUPTED, TURN_COMPLETE]);
    expect(turn.filter(({ mime_type }) => mime_type === 'audio/pcm')).toEqual([]);
  });
});
