// google/adk-python#3324, #2357, #568, PR#6045: the transcript of the user is missing, its end is never reported, or words arrive twice.
import { describe, expect, test } from '@jest/globals';
import { GEMINI_FAMILIES } from '../../src/models/gemini/family.ts';
import type { AgentEvent } from '../../src/wire/agent-event.ts';
import { post } from '../http/requests.ts';
import { silence, utterance } from '../http/speech.ts';
import { openStream, textOf } from '../http/sse-client.ts';
import { startTestServer } from '../http/test-server.ts';

const FAMILIES = Object.values(GEMINI_FAMILIES).map(({ name, example }) => [name, example] as const);
const pcm = (bytes: Buffer) => ({ mime_type: 'audio/pcm', data: bytes.toString('base64') });
const SPOKEN = [pcm(utterance()), pcm(silence(1)), { audio_stream_end: true }];

async function openSpoken(model: string, query: string) {
  const server = await startTestServer({ DEMO_AGENT_MODEL: model });
  const stream = await openStream(`${server.url}/events/me?is_audio=true${query}`);
  await stream.untilNamed('session');
  return { server, stream };
}

describe('pain 15: "transcripts are not finished, or arrive twice":', () => {
  test.each(FAMILIES)(
    'speech with a model of the family %s has one finished transcript of the user, and the words of the agent once',
    async (_name, model) => {
      const { server, stream } = await openSpoken(model, '');
      for (let round = 1; round <= 2; round += 1) {
        await post(server, SPOKEN);
        const said = textOf(await stream.nextTurn());
        expect(said.match(/You spoke for/g)).toHaveLength(1);
        expect(said.match(/This is what I heard\./g)).toHaveLength(1);
        const finished = stream.named('input_transcript').filter((each) => each.finished);
        expect(finished).toHaveLength(round);
        expect(finished.at(-1)?.text).not.toBe('');
      }
      expect(server.upstream?.violations).toEqual([]);
    },
  );

  test.each(FAMILIES)(
    'an ADK client of a model of the family %s gets increments, and one finished transcript that has all of them',
    async (_name, model) => {
      const { server, stream } = await openSpoken(model, '&dialect=adk');
      await post(server, SPOKEN);
      const events = await stream.until('the end of the turn', () => {
        const all = stream.messages as unknown as AgentEvent[];
        return all.some(({ turnComplete }) => turnComplete) && all;
      });
      const outputs = events.flatMap(({ outputTranscription }) => outputTranscription ?? []);
      const finished = outputs.filter((each) => each.finished);
      expect(finished).toHaveLength(1);
      expect(
        outputs
          .filter((each) => !each.finished)
          .map(({ text }) => text)
          .join(''),
      ).toBe(finished[0]?.text);
      const inputs = events.flatMap(({ inputTranscription }) => inputTranscription ?? []);
      expect(inputs.filter((each) => each.finished)).toHaveLength(1);
    },
  );
});
