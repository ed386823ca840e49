import { type ArtifactName, type ArtifactStore, parseArtifactUri } from '../../store/artifact-store.ts';
import type { ConversationKey } from '../../store/conversation-key.ts';
import type { AgentEvent, FileData } from '../../wire/agent-event.ts';
import { parseMimeType } from '../../wire/mime-type.ts';

export type Side = 'user' | 'agent';

/** A file with speech of one side, and when it was spoken. */
export interface RecordedClip extends ArtifactName {
  readonly side: Side;
  /** Start of the speech, in seconds since 1970. */
  readonly startedAt: number;
  /** How long it was heard, in seconds. */
  readonly duration: number;
  /** Sample rate, in Hz. */
  readonly rate: number;
}

/** 16-bit mono PCM. */
export interface RecordedAudio {
  readonly bytes: Uint8Array;
  /** In Hz. */
  readonly rate: number;
}

/** Maximum number of files of one recording. Later ones are left out. */
const MAX_CLIPS = 20_000;
const PCM = 'audio/pcm';
/** Sample rate of audio whose type names none, in Hz. */
const DEFAULT_RATES: Readonly<Record<Side, number>> = { user: 16_000, agent: 24_000 };

/**
 * Finds the recorded speech of a conversation. Speech of the agent ends where the user has interrupted it: the rest was sent, and not heard.
 * @param pages events, oldest first
 * @returns in the order of their starts; files that are gone, or are not PCM, are left out
 */
export async function findClips(
  pages: AsyncIterable<readonly AgentEvent[]>,
  key: ConversationKey,
  artifacts: ArtifactStore,
): Promise<RecordedClip[]> {
  const clips: RecordedClip[] = [];
  const interruptions: number[] = [];
  for await (const page of pages) {
    for (const event of page) {
      if (event.interrupted) interruptions.push(event.timestamp);
      for (const { fileData } of event.content?.parts ?? []) {
        const clip = fileData && clips.length < MAX_CLIPS ? await readClip(event, fileData, key, artifacts) : undefined;
        if (clip) clips.push(clip);
      }
    }
  }
  clips.sort((one, other) => one.startedAt - other.startedAt);
  return cutAtInterruptions(clips, Float64Array.from(interruptions).sort());
}

/** Loads the audio of a file. @returns `undefined` if the file is gone, or is not PCM */
export async function loadAudio(
  { filename, revision }: ArtifactName,
  side: Side,
  key: ConversationKey,
  artifacts: ArtifactStore,
): Promise<RecordedAudio | undefined> {
  const file = await artifacts.load(key, filename, revision);
  const rate = file && readRate(file.mimeType, side);
  return file && rate !== undefined ? { bytes: file.data, rate } : undefined;
}

async function readClip(
  { author, timestamp }: AgentEvent,
  { fileUri }: FileData,
  key: ConversationKey,
  artifacts: ArtifactStore,
): Promise<RecordedClip | undefined> {
  const name = parseArtifactUri(key, fileUri);
  const side = author === 'user' ? 'user' : 'agent';
  const audio = name && (await loadAudio(name, side, key, artifacts));
  const duration = audio ? Math.floor(audio.bytes.length / 2) / audio.rate : 0;
  if (!name || !audio || duration === 0) return undefined;
  return { ...name, side, startedAt: timestamp, duration, rate: audio.rate };
}

/** @returns `undefined` for a file that is not PCM */
function readRate(mimeType: string, side: Side): number | undefined {
  try {
    const { essence, rate = DEFAULT_RATES[side] } = parseMimeType(mimeType);
    return essence === PCM ? rate : undefined;
  } catch {
    return undefined;
  }
}

/** @param clips, interruptions oldest first */
function cutAtInterruptions(clips: readonly RecordedClip[], interruptions: Float64Array): RecordedClip[] {
  let next = 0;
  return clips.map((clip) => {
    const { side, startedAt, duration } = clip;
    while ((interruptions[next] ?? Number.POSITIVE_INFINITY) <= startedAt) next += 1;
    const heard = (interruptions[next] ?? Number.POSITIVE_INFINITY) - startedAt;
    return side === 'agent' && heard < duration ? { ...clip, duration: heard } : clip;
  });
}
