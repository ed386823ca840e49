import type { ArtifactStore } from '../../store/artifact-store.ts';
import type { ConversationKey } from '../../store/conversation-key.ts';
import type { AgentEvent } from '../../wire/agent-event.ts';
import { toLittleEndian } from './pcm-bytes.ts';
import { findClips, loadAudio, type RecordedClip, type Side } from './recorded-clips.ts';
import { SideReader } from './side-reader.ts';
import { createTimeline, type Timeline } from './timeline.ts';

/** Sample rate of the file, in Hz: that of the speech of live models. */
const RATE = 24_000;
const CHANNELS = 2;
const BYTES_PER_SAMPLE = 2;
const FRAME_BYTES = CHANNELS * BYTES_PER_SAMPLE;
const HEADER_BYTES = 44;
/** Maximum length, in samples: a WAV file has at most 4 GiB, which are 12.4 hours. */
const MAX_LENGTH = Math.floor((2 ** 32 - HEADER_BYTES) / FRAME_BYTES);
/** Length of one part, in samples: a quarter of a second, which costs at most 2 ms. */
const PART = RATE / 4;

/** A conversation as it sounded, as a WAV file: the user on the left channel, the agent on the right one. */
export class WavRecording {
  readonly #timeline: Timeline;
  readonly #readers: Readonly<Record<Side, SideReader>>;

  private constructor(timeline: Timeline, load: (clip: RecordedClip) => ReturnType<typeof loadAudio>) {
    const { user, agent } = timeline.sides;
    this.#timeline = timeline;
    this.#readers = { user: new SideReader(user, RATE, load), agent: new SideReader(agent, RATE, load) };
  }

  /**
   * Finds what was recorded of a conversation.
   * @param pages events, oldest first
   * @returns `undefined` if nothing was recorded, or all of it is gone
   */
  static async find(
    pages: AsyncIterable<readonly AgentEvent[]>,
    key: ConversationKey,
    artifacts: ArtifactStore,
  ): Promise<WavRecording | undefined> {
    const timeline = createTimeline(await findClips(pages, key, artifacts), RATE, MAX_LENGTH);
    if (timeline.length === 0) return undefined;
    return new WavRecording(timeline, (clip) => loadAudio(clip, clip.side, key, artifacts));
  }

  /** Size of the file, in bytes. */
  get byteLength(): number {
    return HEADER_BYTES + this.#timeline.length * FRAME_BYTES;
  }

  /** Memory that reading the file needs now, in bytes. */
  get heldBytes(): number {
    return this.#readers.user.bytes + this.#readers.agent.bytes + PART * FRAME_BYTES;
  }

  /** Reads the file in parts. Call it once. */
  async *read(): AsyncGenerator<Uint8Array, void, undefined> {
    yield createHeader(this.#timeline.length * FRAME_BYTES);
    const { user, agent } = this.#readers;
    for (let position = 0; position < this.#timeline.length; position += PART) {
      const count = Math.min(PART, this.#timeline.length - position);
      yield interleave(await user.read(count), await agent.read(count));
    }
  }
}

/** @see http://soundfile.sapp.org/doc/WaveFormat/ */
function createHeader(dataBytes: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  const putText = (offset: number, text: string) => bytes.set(new TextEncoder().encode(text), offset);
  putText(0, 'RIFF');
  view.setUint32(4, HEADER_BYTES - 8 + dataBytes, true);
  putText(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, CHANNELS, true);
  view.setUint32(24, RATE, true);
  view.setUint32(28, RATE * FRAME_BYTES, true);
  view.setUint16(32, FRAME_BYTES, true);
  view.setUint16(34, 8 * BYTES_PER_SAMPLE, true);
  putText(36, 'data');
  view.setUint32(40, dataBytes, true);
  return bytes;
}

function interleave(left: Int16Array, right: Int16Array): Uint8Array {
  const samples = new Int16Array(left.length * CHANNELS);
  for (let index = 0; index < left.length; index += 1) {
    samples[CHANNELS * index] = left[index] ?? 0;
    samples[CHANNELS * index + 1] = right[index] ?? 0;
  }
  return toLittleEndian(samples);
}
