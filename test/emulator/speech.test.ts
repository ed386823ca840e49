import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { replyTo, tellOutcomes } from '../../src/emulator/offline-agent.ts';
import { composeSpeech } from '../../src/emulator/speech.ts';
import { SPEECH_RATE, speechClips } from '../../src/emulator/speech-clips.ts';

const clips = speechClips();

function clipsOf(text: string): string[] {
  return composeSpeech(text, clips).flatMap((piece) => piece.clips);
}

describe('composeSpeech', () => {
  test('the longest phrase is taken first', () => {
    expect(clipsOf('You spoke for two point three seconds. This is what I heard.')).toEqual([
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
  ])('%s is said as words', (text, expected) => {
    expect(clipsOf(text)).toEqual(expected);
  });

  test('what has no clip is said to be as written, once, up to the end of the sentence', () => {
    expect(clipsOf('The tool answered: sunny, 22 degrees and more')).toEqual(['the tool answered', 'as written here']);
    expect(clipsOf('Foo bar. Baz! Goodbye.')).toEqual(['as written here', 'goodbye']);
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

  test('everything the agent says of itself has clips', () => {
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
      replyTo({ ...situation, text: 'hello' }),
      replyTo({ ...situation, text: 'help' }),
      replyTo({ ...situation, text: 'what time is it' }),
      replyTo({ ...situation, text: 'count to 99' }),
      replyTo({ ...situation, text: 'what did I say' }),
      replyTo({ ...situation, text: 'search' }),
      replyTo({ ...situation, text: 'thanks' }),
      replyTo({ ...situation, text: 'bye' }),
      replyTo({ ...situation, text: 'look', images }),
      replyTo({ ...situation, text: '', speechSeconds: 0 }),
      replyTo({ ...situation, text: '', speechSeconds: 29.9, images }),
    ];
    const texts = replies.map((reply) => (reply.type === 'answer' ? reply.text : ''));
    texts.push(tellOutcomes([{ name: 'current_time', response: { time: '23:59' } }]));
    texts.push(tellOutcomes([{ name: 'f', response: undefined }]), 'I asked the tool.');
    for (const text of texts) expect([text, clipsOf(text).includes('as written here')]).toEqual([text, false]);
  });
});

describe('the clips', () => {
  const folder = new URL('../../src/emulator/voice/', import.meta.url);
  const index: { clips: { text: string; start: number; length: number }[] } = JSON.parse(
    readFileSync(new URL('clips.json', folder), 'utf8'),
  );

  test('there is one for every phrase, end to end, below 700 kB', () => {
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
    expect(end).toBeLessThan(700_000);
  });

  test('each is audible, equally loud and of a plausible length', () => {
    for (const { text } of index.clips) {
      const samples = clips.samples(text.toLowerCase().replace(/[!.:,?]/g, ''));
      const seconds = samples.length / SPEECH_RATE;
      const level = 20 * Math.log10(Math.hypot(...samples) / Math.sqrt(samples.length) / 32_768);
      expect([text, seconds > 0.2 && seconds < 0.4 + text.length * 0.1]).toEqual([text, true]);
      expect([text, level > -23 && level < -19]).toEqual([text, true]);
    }
  });
});
