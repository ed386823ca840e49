import { describe, expect, test } from '@jest/globals';
import { floatToPcm16, pcm16ToBytes } from '../../../src/audio/pcm.ts';
import type { RecordedClip, Side } from '../../../src/session/export/recorded-clips.ts';
import { createTimeline } from '../../../src/session/export/timeline.ts';
import { WavRecording } from '../../../src/session/export/wav-recording.ts';
import { formatArtifactUri } from '../../../src/store/artifact-store.ts';
import { createMemoryArtifacts } from '../../../src/store/memory-artifacts.ts';
import type { AgentEvent } from '../../../src/wire/agent-event.ts';
import { amplitudeAt, tone } from '../../audio/spectrum.ts';
import { KEY, textEvent } from '../../store/events.ts';

const clip = (side: Side, startedAt: number, duration: number): RecordedClip => ({
  ...{ side, startedAt, duration, rate: 24_000 },
  ...{ filename: `${side}${startedAt}`, revision: 0 },
});
/** Starts and ends of a side, in tenths of a second. */
const placesOf = (clips: readonly RecordedClip[], side: Side, maxLength = 1e9) =>
  createTimeline(clips, 10, maxLength).sides[side].map(({ start, length }) => [start, start + length]);

describe('createTimeline', () => {
  test('places both sides by their times, from the first one on', () => {
    const clips = [clip('user', 100, 2), clip('agent', 101.5, 3), clip('user', 105, 1)];
    expect(placesOf(clips, 'user')).toEqual([
      [0, 20],
      [50, 60],
    ]);
    expect(placesOf(clips, 'agent')).toEqual([[15, 45]]);
  });

  test('lets no speech of one side overlap: what was received earlier than it could sound comes later', () => {
    expect(placesOf([clip('agent', 0, 5), clip('agent', 2, 1), clip('agent', 9, 1)], 'agent')).toEqual([
      [0, 50],
      [50, 60],
      [90, 100],
    ]);
  });

  test('shortens a pause of any length to 5 s', () => {
    const clips = [clip('user', 0, 1), clip('agent', 86_400, 1), clip('user', 86_402, 1)];
    expect(placesOf(clips, 'agent')).toEqual([[60, 70]]);
    expect(placesOf(clips, 'user').at(-1)).toEqual([80, 90]);
  });

  test('leaves out what is beyond the maximum length', () => {
    const clips = [clip('user', 0, 2), clip('agent', 1, 2), clip('user', 2.5, 1)];
    expect(createTimeline(clips, 10, 22).length).toBe(22);
    expect(placesOf(clips, 'agent', 22)).toEqual([[10, 22]]);
    expect(placesOf(clips, 'user', 22)).toEqual([[0, 20]]);
  });
});

/** Recorded speech of a conversation, and the events that name it. */
class Recorded {
  readonly artifacts = createMemoryArtifacts();
  readonly events: AgentEvent[] = [];

  async add(author: string, timestamp: number, hz: number, seconds: number, mimeType: string): Promise<this> {
    const rate = Number(/rate=(\d+)/.exec(mimeType)?.[1] ?? 24_000);
    const filename = `${author}${timestamp}.pcm`;
    const data = pcm16ToBytes(floatToPcm16(tone(hz, rate, seconds)));
    const revision = await this.artifacts.save(KEY, filename, { mimeType, data });
    const fileData = { fileUri: formatArtifactUri(KEY, filename, revision), mimeType };
    this.events.push({ ...textEvent('', author), timestamp, content: { parts: [{ fileData }] } });
    return this;
  }

  async *pages() {
    for (const event of this.events) yield [event];
  }

  find() {
    return WavRecording.find(this.pages(), KEY, this.artifacts);
  }
}

async function readWav(recording: WavRecording | undefined) {
  const parts: Uint8Array[] = [];
  for await (const part of recording?.read() ?? []) parts.push(part);
  const bytes = Buffer.concat(parts);
  const frames = (bytes.length - 44) / 4;
  const channel = (offset: number) =>
    Float32Array.from({ length: frames }, (_, index) => bytes.readInt16LE(44 + 4 * index + offset) / 32_768);
  return { bytes, frames, left: channel(0), right: channel(2) };
}

const part = (samples: Float32Array, from: number, to: number) => samples.subarray(from * 24_000, to * 24_000);
const loudest = (samples: Float32Array) => samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);

test('a recording has the user on the left and the agent on the right, each at its time and at its pitch', async () => {
  const recorded = new Recorded();
  await recorded.add('user', 1_000, 440, 2, 'audio/pcm;rate=16000');
  await recorded.add('helper', 1_003, 1_000, 1, 'audio/pcm;rate=24000');
  await recorded.add('helper', 1_004.5, 600, 1, 'audio/pcm;rate=48000');
  const recording = await recorded.find();
  const { bytes, frames, left, right } = await readWav(recording);
  expect(bytes.length).toBe(recording?.byteLength);
  expect(bytes.toString('latin1', 0, 4) + bytes.toString('latin1', 8, 16)).toBe('RIFFWAVEfmt ');
  expect([bytes.readUInt16LE(22), bytes.readUInt32LE(24), bytes.readUInt16LE(34)]).toEqual([2, 24_000, 16]);
  expect([bytes.readUInt32LE(4) + 8, bytes.readUInt32LE(40) + 44]).toEqual([bytes.length, bytes.length]);
  expect(frames).toBe(5.5 * 24_000);
  expect(amplitudeAt(440, part(left, 0.1, 1.9), 24_000)).toBeCloseTo(0.5, 1);
  expect(loudest(part(left, 2.01, 5.5))).toBe(0);
  expect(loudest(part(right, 0, 2.99))).toBe(0);
  expect(amplitudeAt(1_000, part(right, 3.1, 3.9), 24_000)).toBeCloseTo(0.5, 1);
  expect(amplitudeAt(600, part(right, 4.6, 5.4), 24_000)).toBeCloseTo(0.5, 1);
});

test('speech of the agent ends where the user has interrupted it', async () => {
  const recorded = new Recorded();
  recorded.events.push({ ...textEvent(''), timestamp: 12, interrupted: true });
  await recorded.add('helper', 10, 440, 20, 'audio/pcm;rate=24000');
  await recorded.add('user', 11, 440, 3, 'audio/pcm;rate=16000');
  const { frames, right } = await readWav(await recorded.find());
  expect(frames).toBe(4 * 24_000);
  expect(loudest(part(right, 2.01, 4))).toBe(0);
});

test('files that are gone, have no sound or another type are left out; without any there is no recording', async () => {
  const recorded = new Recorded();
  expect(await recorded.find()).toBeUndefined();
  await recorded.add('user', 1, 440, 1, 'audio/opus');
  await recorded.add('user', 2, 440, 0, 'audio/pcm;rate=16000');
  await recorded.add('user', 3, 440, 1, 'audio/pcm;rate=1');
  const fileData = { fileUri: 'artifact://app/bob/default/secret.pcm#0', mimeType: 'audio/pcm' };
  recorded.events.push({ ...textEvent(''), content: { parts: [{ fileData }] } });
  expect(await recorded.find()).toBeUndefined();
  await recorded.add('user', 4, 440, 1, 'audio/pcm');
  const recording = await recorded.find();
  await recorded.artifacts.delete(KEY);
  // The size is told by now.
  expect((await readWav(recording)).bytes.length).toBe(recording?.byteLength);
});
