import type { ModelEvent } from '../../models/realtime-model.ts';
import { type ArtifactStore, formatArtifactUri, RECORDINGS_PREFIX } from '../../store/artifact-store.ts';
import type { LiveConversation } from '../../store/live-conversation.ts';
import type { Blob } from '../../wire/live-request.ts';
import { type MemoryCounter, MemoryShare } from '../../wire/memory-share.ts';
import type { InvocationNames } from '../invocation-context.ts';
import type { EmitEvent } from './event-factory.ts';
import type { TurnView } from './turn-state.ts';

export interface AudioRecorderOptions {
  readonly artifacts: ArtifactStore;
  readonly conversation: Pick<LiveConversation, 'key' | 'isClosed'>;
  /** Turn of the run. */
  readonly turn: TurnView;
  /** Author of the model's speech. */
  readonly author: Pick<InvocationNames, 'agentName'>;
  /** Receives the event that names a file, once the file is stored. */
  readonly onStored: EmitEvent;
  /** Called when a file cannot be stored. Its audio is lost. */
  readonly onFailed: (error: unknown) => void;
  /** Counts the audio that is not stored yet. */
  readonly memory: MemoryCounter | undefined;
}

/** Memory of a chunk beside its text, in characters. */
const CHUNK_CHARACTERS = 64;
/** Maximum length of one file, in characters of base64: five minutes of a model's speech. Longer speech continues in another file. */
const MAX_CHARACTERS = 20 * 1024 * 1024;

interface Recording {
  readonly author: string;
  readonly mimeType: string;
  /** Start, in seconds since 1970. */
  readonly startedAt: number;
  readonly chunks: string[];
  characters: number;
}

type Side = 'input' | 'output';

/** Stores speech as audio files beside the conversation (ADK: `save_live_blob`): one file for each side of each turn. */
export class AudioRecorder {
  readonly #options: AudioRecorderOptions;
  readonly #recordings: { [side in Side]?: Recording } = {};
  /** Files are stored one after the other, so that their events keep the order of the speech. */
  #stored: Promise<void> = Promise.resolve();
  readonly #memory: MemoryShare;
  /** Length of all audio that is not stored yet, in characters of base64. */
  #characters = 0;

  constructor(options: AudioRecorderOptions) {
    this.#options = options;
    this.#memory = new MemoryShare(options.memory);
  }

  /** Records audio of the user. */
  recordInput({ mime_type, data }: Blob): void {
    this.#record('input', mime_type, data);
  }

  /** Records the model's audio, and stores both sides at the end of a turn. The turn has applied the event before. */
  onModelEvent(event: ModelEvent): void {
    const { state, previous } = this.#options.turn;
    if (event.type === 'audio') this.#record('output', event.mimeType, event.data);
    // The user is still speaking: that audio is stored with the turn to which it belongs.
    else if (event.type === 'interrupted') this.#store('output');
    else if (state.turn !== previous.turn) this.#storeBoth();
  }

  /** Stores the part of the reply that arrived. The user's audio belongs to the next reply, because it will be replayed. */
  onConnectionLost(): void {
    this.#store('output');
  }

  /** Discards what one side has said in this turn: nobody may hear it again. */
  discard(side: Side): void {
    const recording = this.#recordings[side];
    if (!recording) return;
    delete this.#recordings[side];
    this.#count(-recording.characters);
  }

  /** Stores the rest. Resolves when all files are stored. */
  finish(): Promise<void> {
    this.#storeBoth();
    return this.#stored;
  }

  #record(side: Side, mimeType: string, data: string): void {
    // A file has a single sample rate.
    if (this.#recordings[side] && this.#recordings[side].mimeType !== mimeType) this.#store(side);
    const author = side === 'input' ? 'user' : this.#options.author.agentName;
    this.#recordings[side] ??= { author, mimeType, startedAt: Date.now() / 1000, chunks: [], characters: 0 };
    const recording = this.#recordings[side];
    recording.chunks.push(data);
    const characters = data.length + CHUNK_CHARACTERS;
    recording.characters += characters;
    this.#count(characters);
    if (recording.characters >= MAX_CHARACTERS) this.#store(side);
  }

  #storeBoth(): void {
    this.#store('input');
    this.#store('output');
  }

  #store(side: Side): void {
    const recording = this.#recordings[side];
    if (!recording) return;
    delete this.#recordings[side];
    this.#stored = this.#stored
      .then(() => this.#saveFile(side, recording))
      .catch(this.#options.onFailed)
      .finally(() => this.#count(-recording.characters));
  }

  #count(characters: number): void {
    this.#characters += characters;
    this.#memory.set(this.#characters);
  }

  async #saveFile(side: Side, { author, mimeType, startedAt, chunks }: Recording): Promise<void> {
    const { artifacts, conversation, onStored } = this.#options;
    const { key } = conversation;
    const filename = `${RECORDINGS_PREFIX}adk_live_audio_storage_${side}_audio_${Math.round(startedAt * 1000)}.pcm`;
    const data = Buffer.concat(chunks.map((chunk) => Buffer.from(chunk, 'base64')));
    if (conversation.isClosed) return;
    const revision = await artifacts.save(key, filename, { mimeType, data });
    // The conversation was deleted while the file was saved, and another one may have its id by now: its files stay.
    if (conversation.isClosed) return artifacts.delete(key, filename);
    const fileData = { fileUri: formatArtifactUri(key, filename, revision), mimeType };
    onStored({
      author,
      timestamp: startedAt,
      content: { role: side === 'input' ? 'user' : 'model', parts: [{ fileData }] },
    });
  }
}
