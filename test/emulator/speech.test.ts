import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { generateSpokenAnswer } from '../../src/emulator/gemini/answer-frames.ts';
import { chooseReply, describeOutcomes } from '../../src/emulator/offline-agent.ts';
import { composeSpeech } from '../../src/emulator/speech.ts';
import { loadSpeechClips, SPEECH_RATE } from '../../src/emulator/speech-clips.ts';

const clips = loadSpeechClips();

function listClips(text: string): string[] {
  return composeSpeech(text, clips).flatMap((piece) => piece.clips);
}

describe('composeSpeech', () => {
  test('the longest phrase with a clip is chosen', () => {
    expect(listClips('You spoke for two point three seconds. This is what I heard.')).toEqual([
      'you spoke for',
      'two',
      'point',
      'three',
      'seconds',
      'this is what i heard',
    ]);
  });

  test.each([
    ['14:35', ['fourteen', 'thirty', 'five']],
    ['9:05', ['nine', 'oh', 'five']],
    ['12:00', ['twelve', "o'clock"]],
    ['2:30 PM.', ['two', 'thirty', 'pm']],
    ['twenty-one,', ['twenty', 'one']],
    ['0.25', ['zero', 'point', 'two', 'five']],
    ['1.5', ['one', 'point', 'five']],
    ['121 kilobytes', ['one', 'hundred', 'twenty', 'one', 'kilobytes']],
    ['12345', ['twelve', 'thousand', 'three', 'hundred', 'forty', 'five']],
  ])('the numeral or time %s is spelled in words', (text, expected) => {
    expect(listClips(text)).toEqual(expected);
  });

  test('text without a clip becomes "as written here" once, up to the end of the sentence', () => {
    expect(listClips('The tool answered: sunny, 22 degrees and more')).toEqual([
      'the tool answered',
      'as written here',
    ]);
    expect(listClips('Foo bar. Baz! Goodbye.')).toEqual(['as written here', 'goodbye']);
  });

  test.each(['', ' ', 'a', '  The tool answered:\n\n x  ', '你好。 Goodbye.', '"You said" (two)'])(
    'the pieces of %j joined are the text',
    (text) => {
      expect(
        composeSpeech(text, clips)
          .map((piece) => piece.text)
          .join(''),
      ).toBe(text);
    },
  );

  test('every sentence of the agent itself has clips', () => {
    const situation = {
      images: [],
      history: [],
      instruction: '',
      functions: [],
      canSearch: true,
      modality: 'AUDIO',
    } as const;
    const images = [{ mimeType: 'image/png', bytes: 70_000 }];
    const replies = [
      chooseReply({ ...situation, text: 'hello' }),
      chooseReply({ ...situation, text: 'help' }),
      chooseReply({ ...situation, text: 'what time is it' }),
      chooseReply({ ...situation, text: 'count to 99' }),
      chooseReply({ ...situation, text: 'what did I say' }),
      chooseReply({ ...situation, text: 'search' }),
      chooseReply({ ...situation, text: 'thanks' }),
      chooseReply({ ...situation, text: 'bye' }),
      chooseReply({ ...situation, text: 'look', images }),
      chooseReply({ ...situation, text: '', speechSeconds: 0 }),
      chooseReply({ ...situation, text: '', speechSeconds: 29.9, images }),
    ];
    const texts = replies.map((reply) => (reply.type === 'answer' ? reply.text : ''));
    texts.push(describeOutcomes([{ name: 'current_time', response: { time: '23:59' } }]));
    texts.push(describeOutcomes([{ name: 'f', response: undefined }]), 'I asked the tool.');
    for (const text of texts) expect([text, listClips(text).includes('as written here')]).toEqual([text, false]);
  });
});

describe('generateSpokenAnswer', () => {
  const spoken = { text: 'One, two, three, four, five.', transcribe: true, mimeType: 'audio/pcm;rate=24000' };
  const timed = [...generateSpokenAnswer(spoken, clips)];
  const at = (pattern: RegExp) => timed.flatMap(({ atMs, frame }) => (pattern.test(String(frame)) ? [atMs] : []));
  const [generatedMs = 0] = at(/generationComplete/);
  const end = timed.at(-1);

  test('sends speech faster than it plays, and ends when it would have been played', () => {
    expect(end?.frame).toBeUndefined();
    expect(at(/inlineData/).every((ms, index) => ms === index * 20)).toBe(true);
    expect(generatedMs).toBeCloseTo((end?.atMs ?? 0) / 2, -2);
    expect(end?.atMs).toBeGreaterThan(2_000);
  });

  test('sends the transcript with the sound of its words', () => {
    const words = timed.filter(({ said }) => said !== undefined);
    expect(words.map(({ said }) => said)).toEqual(['One,', ' two,', ' three,', ' four,', ' five.']);
    expect(words[4]?.speechMs).toBe((words[4]?.atMs ?? 0) * 2);
    expect(words[4]?.atMs).toBeLessThan(generatedMs);
  });
});

describe('the speech clips', () => {
  const folder = new URL('../../src/emulator/voice/', import.meta.url);
  const index: { clips: { text: string; start: number; length: number }[] } = JSON.parse(
    readFileSync(new URL('clips.json', folder), 'utf8'),
  );

  test('cover every phrase without gaps in less than 750 kB', () => {
    const phrases = readFileSync(new URL('phrases.txt', folder), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.replace(/ *\|.*/, ''));
    expect(index.clips.map((clip) => clip.text)).toEqual(phrases);
    let end = 0;
    for (const clip of index.clips) {
      expect(clip.start).toBe(end);
      end += clip.length;
    }
    expect(readFileSync(new URL('clips.ulaw', folder)).length).toBe(end);
    expect(end).toBeLessThan(750_000);
  });

  test('are all audible, equally loud and of a plausible length', () => {
    for (const { text } of index.clips) {
      const samples = clips.samples(text.toLowerCase().replace(/[!.:,?]/g, ''));
      const seconds = samples.length / SPEECH_RATE;
      const level = 20 * Math.log10(Math.hypot(...samples) / Math.sqrt(samples.length) / 32_768);
      expect([text, seconds > 0.2 && seconds < 0.4 + text.length * 0.1]).toEqual([text, true]);
      expect([text, level > -23 && level < -19]).toEqual([text, true]);
    }
  });
});
