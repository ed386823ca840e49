import { type GeminiOptions, geminiModel } from '../../../src/models/gemini/model.ts';
import type { ModelConnection, ModelEvent, ModelSetup } from '../../../src/models/realtime-model.ts';

export const KEY = 'secret-key-4711';

/** A model with both modalities that connects to `url` through the real SDK. */
export function modelAt(url: string, options: Partial<GeminiOptions> = {}): ReturnType<typeof geminiModel> {
  return geminiModel({
    model: 'gemini-live-2.5-flash-preview',
    apiKey: KEY,
    apiVersion: 'v1beta',
    baseUrl: url,
    connectTimeoutMs: 60_000,
    onUnparsableFrame: () => {},
    ...options,
  });
}

export const TEXT: ModelSetup = {
  modality: 'TEXT',
  instruction: '',
  tools: [],
  history: [],
  inputAudioTranscription: {},
  outputAudioTranscription: {},
};
export const AUDIO: ModelSetup = { ...TEXT, modality: 'AUDIO' };

export const never = new AbortController().signal;

/** Reads events up to the first one of a type, and with it. @throws {Error} if the events end before */
export async function eventsUntil(connection: ModelConnection, type: ModelEvent['type']): Promise<ModelEvent[]> {
  const events: ModelEvent[] = [];
  // `for await` would end the iterator, but a test may read on.
  const iterator = iteratorOf(connection);
  for (;;) {
    const { value, done } = await iterator.next();
    if (done) throw new Error(`the events ended without ${type}`);
    events.push(value);
    if (value.type === type) return events;
  }
}

const iterators = new WeakMap<ModelConnection, AsyncIterator<ModelEvent>>();

function iteratorOf(connection: ModelConnection): AsyncIterator<ModelEvent> {
  const iterator = iterators.get(connection) ?? connection.events[Symbol.asyncIterator]();
  iterators.set(connection, iterator);
  return iterator;
}
