import { type GeminiOptions, geminiModel } from '../../src/models/gemini.ts';
import type { ConnectConfig, ModelEvent, RealtimeConnection } from '../../src/models/realtime-model.ts';

export const KEY = 'secret-key-4711';

/** A model that answers in TEXT as in AUDIO, through the real SDK. */
export function modelAt(url: string, options: Partial<GeminiOptions> = {}): ReturnType<typeof geminiModel> {
  return geminiModel({
    model: 'gemini-live-2.5-flash-preview',
    apiKey: KEY,
    apiVersion: 'v1beta',
    baseUrl: url,
    connectTimeoutMs: 60_000,
    onNonsense: () => {},
    ...options,
  });
}

export const TEXT: ConnectConfig = {
  modality: 'TEXT',
  instruction: '',
  tools: [],
  history: [],
  inputAudioTranscription: {},
  outputAudioTranscription: {},
};
export const AUDIO: ConnectConfig = { ...TEXT, modality: 'AUDIO' };

export const never = new AbortController().signal;

/** What a connection says, up to and with the first event of that type. */
export async function eventsUntil(connection: RealtimeConnection, type: ModelEvent['type']): Promise<ModelEvent[]> {
  const events: ModelEvent[] = [];
  // Not for-await: it would end the iterator, and a test may want to go on.
  const iterator = iteratorOf(connection);
  for (;;) {
    const { value, done } = await iterator.next();
    if (done) throw new Error(`the events ended without ${type}`);
    events.push(value);
    if (value.type === type) return events;
  }
}

const iterators = new WeakMap<RealtimeConnection, AsyncIterator<ModelEvent>>();

function iteratorOf(connection: RealtimeConnection): AsyncIterator<ModelEvent> {
  const iterator = iterators.get(connection) ?? connection.events[Symbol.asyncIterator]();
  iterators.set(connection, iterator);
  return iterator;
}
