// google/adk-python#2485, #1283; googleapis/python-genai#1987, #1224, #2580: the model says nothing more after a tool, after the user has spoken into an
// answer, or because its voice detection never finds the end of the speech.
import { describe, expect, test } from '@jest/globals';
import { Agent } from '../../src/agent/agent.ts';
import { tool } from '../../src/agent/tool.ts';
import { GEMINI_FAMILIES } from '../../src/models/gemini/family.ts';
import { post, say } from '../http/requests.ts';
import { silence, speech, utterance } from '../http/speech.ts';
import { openStream, textOf } from '../http/sse-client.ts';
import { startTestServer, type TestServerOptions } from '../http/test-server.ts';

const FAMILIES = Object.values(GEMINI_FAMILIES).map(({ name, example }) => [name, example] as const);
const pcm = (bytes: Buffer) => ({ mime_type: 'audio/pcm', data: bytes.toString('base64') });
const dice = tool({ name: 'dice', description: 'Rolls.', execute: () => 'six' });
/** Waits of the watchdog for a test. A slow machine takes part of them for an answer. */
const WATCHDOG = { firstOutputMs: 2_000, backgroundMs: 2_000, turnEndMs: 2_000 };
const impatient = new Agent({ name: 'assistant', tools: [dice], runConfig: { watchdog: WATCHDOG } });
const patient = new Agent({ name: 'assistant' });

async function open(model: string, emulator: TestServerOptions['emulator'], agent = impatient) {
  const server = await startTestServer({ DEMO_AGENT_MODEL: model }, { agent, ...(emulator ? { emulator } : {}) });
  const stream = await openStream(`${server.url}/events/me?is_audio=true`);
  await stream.untilNamed('session');
  return { server, stream };
}

describe('pain 16: "the agent goes silent":', () => {
  test.each(FAMILIES)(
    'a model of the family %s that says nothing after the result of a tool is reported, and answers without another question',
    async (_name, model) => {
      // The second message is the result.
      const { server, stream } = await open(model, { pace: 50, scenario: [[{ at: { heard: 2 }, do: 'ignore' }]] });
      await say(server, 'roll the dice');
      await stream.until('the answer', () => textOf(stream.messages).includes('The tool answered: six'));
      expect(stream.named('status').some(({ upstream }) => upstream === 'stalled')).toBe(true);
      expect(stream.named('failure')).toEqual([]);
    },
  );

  test('a model that is deaf after the user has spoken into its answer is replaced, and what the user said is answered', async () => {
    const { server, stream } = await open('gemini-2.5-flash-native-audio-preview-12-2025', {
      pace: 2,
      // What the user says is recognized, and never answered.
      scenario: [[{ at: { heard: 3 }, do: 'ignore' }]],
    });
    await say(server, 'count to thirty');
    await stream.until('some speech', () => stream.messages.filter(({ mime_type }) => mime_type === 'audio/pcm')[3]);
    await post(server, pcm(speech(0.5)));
    await stream.until('the interruption', () => stream.messages.find(({ interrupted }) => interrupted));
    await say(server, 'thank you');
    await stream.until('the answer', () => textOf(stream.messages).includes('You are welcome.'));
    expect(textOf(stream.messages)).not.toContain('thirty');
    expect(stream.named('failure')).toEqual([]);
  });

  test.each(FAMILIES)(
    'a model of the family %s answers speech after which the microphone is switched off, although no more audio tells it of the end',
    async (_name, model) => {
      const { server, stream } = await open(model, undefined, patient);
      // No silence follows: the voice detection of some families never finds an end by itself.
      await post(server, [pcm(utterance()), { audio_stream_end: true }]);
      expect(textOf(await stream.nextTurn())).toContain('You spoke for');
      await post(server, [pcm(silence(0.2)), pcm(utterance()), { audio_stream_end: true }]);
      expect(textOf(await stream.nextTurn())).toContain('You spoke for');
      expect(server.upstream?.violations).toEqual([]);
    },
  );
});
