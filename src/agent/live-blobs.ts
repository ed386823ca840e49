import type { ModelEvent } from '../models/realtime-model.ts';
import { type ArtifactStore, artifactUri } from '../store/artifact-store.ts';
import type { ConversationKey } from '../store/conversation-store.ts';
import type { Blob } from '../wire/live-request.ts';
import type { EventBody } from './event-factory.ts';

/** Keeps what is said as audio files beside the conversation (ADK: save_live_blob). */
export interface LiveBlobs {
  /** The user's. */
  heard(audio: Blob): void;
  take(event: ModelEvent): void;
  /** Keeps what there is. @returns when all of it is kept */
  finish(): Promise<void>;
}

export interface LiveBlobsOptions {
  readonly artifacts: ArtifactStore;
  readonly key: ConversationKey;
  /** Author of what the model says. */
  readonly agent: string;
  /** Takes the event that names a file, once it is kept. */
  readonly tell: (body: EventBody) => void;
  readonly onError: (error: unknown) => void;
}

/** Characters of base64 of one file: five minutes of what a model says. Beyond it another begins. */
const MAX_CHARACTERS = 20 * 1024 * 1024;

interface Recording {
  readonly mimeType: string;
  /** Seconds since 1970. */
  readonly since: number;
  readonly pieces: string[];
  characters: number;
}

type Side = 'input' | 'output';

export function createLiveBlobs({ artifacts, key, agent, tell, onError }: LiveBlobsOptions): LiveBlobs {
  const recordings: { [side in Side]?: Recording } = {};
  /** One after the other: in the conversation they have the order in which they were said. */
  let kept: Promise<void> = Promise.resolve();

  const record = (side: Side, mimeType: string, data: string) => {
    // Two rates in one file would be nobody's.
    if (recordings[side] && recordings[side].mimeType !== mimeType) keep(side);
    recordings[side] ??= { mimeType, since: Date.now() / 1000, pieces: [], characters: 0 };
    const recording = recordings[side];
    recording.pieces.push(data);
    recording.characters += data.length;
    if (recording.characters >= MAX_CHARACTERS) keep(side);
  };
  const keep = (side: Side) => {
    const recording = recordings[side];
    if (!recording) return;
    delete recordings[side];
    kept = kept.then(() => save(side, recording)).catch(onError);
  };
  const save = async (side: Side, { mimeType, since, pieces }: Recording) => {
    const filename = `_adk_live/adk_live_audio_storage_${side}_audio_${Math.round(since * 1000)}.pcm`;
    const data = Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64')));
    const revision = await artifacts.save(key, filename, { mimeType, data });
    const fileData = { fileUri: artifactUri(key, filename, revision), mimeType };
    const isInput = side === 'input';
    tell({
      author: isInput ? 'user' : agent,
      timestamp: since,
      content: { role: isInput ? 'user' : 'model', parts: [{ fileData }] },
    });
  };

  return {
    heard: ({ mime_type, data }) => record('input', mime_type, data),
    take(event) {
      if (event.type === 'audio') record('output', event.mimeType, event.data);
      // What interrupts is being said: it is kept with the turn that it belongs to.
      else if (event.type === 'interrupted') keep('output');
      else if (event.type === 'turn_complete') {
        keep('input');
        keep('output');
      }
    },
    finish() {
      keep('input');
      keep('output');
      return kept;
    },
  };
}
