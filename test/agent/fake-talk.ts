import { afterEach, beforeEach, jest } from '@jest/globals';
import type { AgentOptions } from '../../src/agent/agent.ts';
import type { RunConfig } from '../../src/agent/run-config.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { SessionStore } from '../../src/store/session-store.ts';
import type { FakeConnection } from '../models/fake-connection.ts';
import { FakeModel, type FakeModelOptions } from '../models/fake-model.ts';
import { runnerFor, startTalk, type Talk } from './talk.ts';

export interface FakeTalkOptions {
  readonly model?: FakeModelOptions;
  readonly agent?: Partial<AgentOptions>;
  readonly runConfig?: RunConfig;
  readonly store?: SessionStore;
  readonly signal?: AbortSignal;
}

/** A run whose model does what the test says. */
export interface FakeTalk {
  readonly model: FakeModel;
  readonly talk: Talk;
  readonly store: SessionStore;
}

export function startFakeTalk({
  model: modelOptions,
  agent,
  runConfig,
  store,
  signal,
}: FakeTalkOptions = {}): FakeTalk {
  const model = new FakeModel(modelOptions);
  const usedStore = store ?? createMemoryStore();
  return { model, talk: startTalk(runnerFor(model, agent, usedStore), runConfig, signal), store: usedStore };
}

let marks = 0;

/** Waits until the run has handled everything that the provider has sent. */
export async function flushEvents(talk: Talk, provider: FakeConnection): Promise<void> {
  marks += 1;
  const totalTokenCount = marks;
  provider.reportUsage({ totalTokenCount });
  await talk.until(({ usageMetadata }) => usageMetadata?.totalTokenCount === totalTokenCount);
}

/** Replaces chance in the tests of a file, so that no attempt to reconnect waits. `share` is the share of the maximum wait. */
export function controlBackOff(): { share: number } {
  const chance = { share: 0 };
  beforeEach(() => {
    chance.share = 0;
    jest.spyOn(Math, 'random').mockImplementation(() => chance.share);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  return chance;
}

/** A message of the user in the history of a connection. */
export const asked = (text: string) => ({ role: 'user', parts: [{ text }] });
/** A message of the model in the history of a connection. */
export const replied = (text: string) => ({ role: 'model', parts: [{ text }] });
/** A message of the user, as a model receives it. */
export const sentText = (text: string) => ({ type: 'text', text, images: [] });

export const SPEECH = { mime_type: 'audio/pcm;rate=16000', data: 'AAAA' };
